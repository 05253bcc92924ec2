import { foldedUnit } from './char-set.ts'

/**
 * What ordinary requests are full of. Only speed depends on it: literals are looked for by those of their parts that do
 * not occur here.
 */
const samples = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0 Edg/126.0.0.0 OPR/111.0.0.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Mobile/15E148 Safari/604.1 Android 14; Pixel 8 Pro Build/',
  'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,signed-exchange;v=b3;q=0.7',
  'application/json, text/plain, application/x-www-form-urlencoded; charset=utf-8 multipart/form-data; boundary=----WebKitFormBoundary',
  'gzip, deflate, br, zstd en-US,en;q=0.5 en-GB de-DE fr-FR es-ES keep-alive close no-cache max-age=0 same-origin same-site cross-site navigate document empty cors no-cors ?1 ?0 XMLHttpRequest',
  '"Chromium";v="126", "Google Chrome";v="126", "Not-A.Brand";v="99" "Windows" "macOS" "Linux" If-Modified-Since: Mon, 01 Jan 2026 00:00:00 GMT',
  'https://www.example.com/catalog/items?category=shoes&page=3&sort=price http://localhost:3000/api/v1/users/ /assets/static/images/ /login /logout /search /checkout /account/settings /products/ /orders/',
  'username password email name first_name last_name address street city state country postal phone number value field order product quantity amount price total currency comment message title description content date time start end created updated status type category page limit offset sort search query filter token session user customer account id uuid true false null undefined',
  'the of and to in is that for it was with as his on be at by had not are but from or have an they which one you were all her she there would their we him been has when who will no more if out so up said what its about than into them can only other time new some could these two may first then do any like my now over such our man me even most made after also did many off before must well back through years where much your way down should because long each just state those people too little good world make very year still see own work men day get here between both life being under never same another know while last might us great old come since against go came right used take three',
]

/** Whole values of ordinary requests. */
export const ordinaryValues: readonly string[] = ['GET', 'POST', 'PUT', 'DELETE', '/', '200', ...samples]

const grams = new Set<string>()
for (const sample of samples) {
  const folded = Array.from(sample, (character) => String.fromCharCode(foldedUnit(character.charCodeAt(0)))).join('')
  for (let at = 0; at < folded.length; at += 1) {
    for (const length of [2, 3, 4]) grams.add(folded.slice(at, at + length))
  }
}

/** Whether these two to four folded characters occur in ordinary requests. */
export function isOrdinary(gram: string): boolean {
  return grams.has(gram)
}
