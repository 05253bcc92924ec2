/**
 * Where countries are: latitude and longitude of about their middle in degrees, and the radius in km of a circle that
 * covers most of them. Rough on purpose: an address says no more than its country. ISO 3166-1 alpha-2 codes.
 */
const table = `
AD 42.5 1.5 20|AE 24 54 250|AF 34 66 500|AG 17 -62 20|AL 41 20 130|AM 40 45 140|AO -12.5 18.5 700|AR -35 -64 1500|AT 47.5 14.5 280
AU -25 134 2000|AZ 40.5 47.5 220|BA 44 18 170|BB 13 -59.5 20|BD 24 90 280|BE 50.8 4.5 130|BF 13 -2 350|BG 43 25 240|BH 26 50.5 25
BI -3.5 30 120|BJ 9.5 2.3 280|BN 4.5 114.7 60|BO -17 -65 700|BR -10 -55 2000|BS 24 -76 250|BT 27.5 90.5 150|BW -22 24 520|BY 53 28 320
BZ 17 -88.5 110|CA 56 -96 2400|CD -3 24 1000|CF 7 21 600|CG -1 15 450|CH 47 8 160|CI 8 -5.5 380|CL -33 -71 1800|CM 6 12.5 500
CN 35 105 2200|CO 4 -73 700|CR 10 -84 180|CU 22 -79.5 500|CV 16 -24 130|CY 35 33 90|CZ 49.8 15.5 220|DE 51.2 10.4 400|DJ 11.5 42.5 100
DK 56 10 200|DM 15.4 -61.3 20|DO 19 -70.7 170|DZ 28 3 1100|EC -1.5 -78.5 350|EE 58.7 25.5 160|EG 27 30 650|ER 15 39 350|ES 40.2 -3.6 500
ET 8 38 700|FI 64 26 550|FJ -18 178 150|FR 46.6 2.5 500|GA -1 11.7 320|GB 54 -2.5 480|GD 12.1 -61.7 15|GE 42 43.5 240|GH 8 -1.2 330
GM 13.4 -15.5 150|GN 10.5 -11 320|GQ 1.7 10.3 130|GR 39 22.5 350|GT 15.5 -90.3 220|GW 12 -15 140|GY 5 -59 330|HK 22.3 114.2 30
HN 15 -86.5 260|HR 45 16 230|HT 19 -72.5 130|HU 47.2 19.4 230|ID -2.5 118 2000|IE 53.3 -8 200|IL 31.5 35 180|IN 22 79 1500
IQ 33 44 450|IR 32.5 54 900|IS 65 -18.5 230|IT 42.8 12.6 500|JM 18.1 -77.3 90|JO 31 36.5 220|JP 36.5 138 950|KE 0.5 38 480
KG 41.5 74.5 380|KH 12.5 105 260|KM -12 43.7 60|KN 17.3 -62.7 15|KP 40 127 260|KR 36.5 127.8 240|KW 29.3 47.6 90|KZ 48 67 1300
LA 18.5 104 450|LB 33.8 35.8 80|LC 13.9 -61 20|LI 47.1 9.5 12|LK 7.5 80.7 200|LR 6.5 -9.4 220|LS -29.5 28.3 120|LT 55.3 24 190
LU 49.8 6.1 40|LV 57 25 200|LY 27 17 800|MA 32 -6 550|MC 43.7 7.4 5|MD 47 28.5 150|ME 42.7 19.3 85|MG -19.5 46.7 700|MK 41.6 21.7 110
ML 17 -4 750|MM 21 96 700|MN 46.5 103.5 900|MO 22.2 113.5 8|MR 20 -10.5 680|MT 35.9 14.4 20|MU -20.3 57.6 35|MV 3.2 73.2 400
MW -13.3 34 400|MX 23.5 -102 1300|MY 4 109 1000|MZ -18 35.5 900|NA -22 17 700|NE 17.5 9 750|NG 9.5 8 600|NI 13 -85 250
NL 52.2 5.4 150|NO 64.5 13 850|NP 28.2 84 400|NZ -41.5 173 750|OM 21 57 500|PA 8.5 -80 300|PE -9.5 -75.5 900|PG -6.5 145 650
PH 12.5 122.5 800|PK 30 69.5 750|PL 52 19.3 350|PR 18.2 -66.4 90|PS 31.9 35.2 60|PT 39.6 -8 280|PY -23.3 -58.3 450|QA 25.3 51.2 80
RE -21.1 55.5 30|RO 46 25 330|RS 44 21 220|RU 60 95 3500|RW -2 30 110|SA 24 45 950|SB -9 160 400|SC -4.6 55.5 50|SD 16 30 850
SE 62 16 750|SG 1.35 103.8 25|SI 46.1 14.8 110|SK 48.7 19.5 200|SL 8.5 -11.8 170|SM 43.9 12.5 6|SN 14.5 -14.5 320|SO 5 46 750
SR 4 -56 260|SS 7.5 30 550|SV 13.8 -88.9 120|SY 35 38.5 300|SZ -26.5 31.5 80|TD 15.5 19 800|TG 8.6 1 270|TH 15 101 750
TJ 38.8 71 330|TL -8.8 126 140|TM 39 59.5 520|TN 34 9.5 350|TO -21.2 -175.2 100|TR 39 35.3 750|TT 10.4 -61.3 60|TW 23.7 121 190
TZ -6.3 35 650|UA 49 31.5 620|UG 1.3 32.4 330|US 39.5 -98.5 2600|UY -33 -56 280|UZ 41.5 64 650|VA 41.9 12.45 1|VC 13.2 -61.2 20
VE 7 -66 650|VN 16 107 850|VU -16 167.5 350|WS -13.7 -172.2 60|XK 42.6 21 70|YE 15.5 47.5 550|ZA -29 25 850|ZM -13.5 28 650|ZW -19 30 400`

interface Circle {
  readonly latitude: number
  readonly longitude: number
  readonly radiusKm: number
}

const circles: ReadonlyMap<string, Circle> = new Map(
  table
    .trim()
    .split(/[|\n]/)
    .map((line) => {
      const [code = '', latitude, longitude, radiusKm] = line.split(' ')
      return [code, { latitude: Number(latitude), longitude: Number(longitude), radiusKm: Number(radiusKm) }] as const
    }),
)

const earthRadiusKm = 6_371

/** The least distance between two countries, from the edge of one circle to that of the other; undefined: not known. */
export function kmBetween(one: string, other: string): number | undefined {
  const [a, b] = [circles.get(one.toUpperCase()), circles.get(other.toUpperCase())]
  if (a === undefined || b === undefined) return undefined
  const radians = (degrees: number): number => (degrees * Math.PI) / 180
  const haversine =
    Math.sin(radians(b.latitude - a.latitude) / 2) ** 2 +
    Math.cos(radians(a.latitude)) *
      Math.cos(radians(b.latitude)) *
      Math.sin(radians(b.longitude - a.longitude) / 2) ** 2
  const middles = 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(haversine)))
  return Math.max(0, middles - a.radiusKm - b.radiusKm)
}
