import type { TracerCase } from './tracer-case.ts'

type Headers = Readonly<Record<string, string>>

/** What a request says of its client, and the address that is taken for it. The peer is 127.0.0.1, a private one. */
const claims: readonly (readonly [headers: Headers, ip: string])[] = [
  [{}, '127.0.0.1'],
  // Each of the headers.
  [{ 'x-forwarded-for': '203.0.113.1' }, '203.0.113.1'],
  [{ 'x-real-ip': '203.0.113.2' }, '203.0.113.2'],
  [{ 'true-client-ip': '203.0.113.3' }, '203.0.113.3'],
  [{ 'x-client-ip': '203.0.113.4' }, '203.0.113.4'],
  [{ forwarded: 'for=203.0.113.5;proto=https' }, '203.0.113.5'],
  [{ 'forwarded-for': '203.0.113.6' }, '203.0.113.6'],
  [{ 'x-cluster-client-ip': '203.0.113.7' }, '203.0.113.7'],
  [{ 'fastly-client-ip': '203.0.113.8' }, '203.0.113.8'],
  [{ 'cf-connecting-ip': '203.0.113.9' }, '203.0.113.9'],
  [{ 'cf-connecting-ipv6': '2001:db8::9' }, '2001:db8::9'],
  // Headers that are none of them.
  [{ 'x-forwarded': '203.0.113.1' }, '127.0.0.1'],
  [{ via: '203.0.113.1' }, '127.0.0.1'],
  // Their order, each before the next.
  [{ 'x-real-ip': '203.0.113.2', 'x-forwarded-for': '203.0.113.1' }, '203.0.113.1'],
  [{ 'true-client-ip': '203.0.113.3', 'x-real-ip': '203.0.113.2' }, '203.0.113.2'],
  [{ 'x-client-ip': '203.0.113.4', 'true-client-ip': '203.0.113.3' }, '203.0.113.3'],
  [{ forwarded: 'for=203.0.113.5', 'x-client-ip': '203.0.113.4' }, '203.0.113.4'],
  [{ 'forwarded-for': '203.0.113.6', forwarded: 'for=203.0.113.5' }, '203.0.113.5'],
  [{ 'x-cluster-client-ip': '203.0.113.7', 'forwarded-for': '203.0.113.6' }, '203.0.113.6'],
  [{ 'fastly-client-ip': '203.0.113.8', 'x-cluster-client-ip': '203.0.113.7' }, '203.0.113.7'],
  [{ 'cf-connecting-ip': '203.0.113.9', 'fastly-client-ip': '203.0.113.8' }, '203.0.113.8'],
  [{ 'cf-connecting-ipv6': '2001:db8::9', 'cf-connecting-ip': '203.0.113.9' }, '203.0.113.9'],
  // A public address of a later header beats a private one of an earlier; the first private one is the next best.
  [{ 'x-forwarded-for': '10.0.0.1', 'x-real-ip': '203.0.113.2' }, '203.0.113.2'],
  [{ 'x-forwarded-for': '10.0.0.1', 'x-real-ip': '10.0.0.2' }, '10.0.0.1'],
  // Chains.
  [{ 'x-forwarded-for': '203.0.113.1, 198.51.100.2' }, '203.0.113.1'],
  [{ 'x-forwarded-for': '10.0.0.1, 203.0.113.1,198.51.100.2' }, '203.0.113.1'],
  [{ 'x-forwarded-for': 'unknown, 203.0.113.1' }, '203.0.113.1'],
  [{ forwarded: 'for=_hidden, for=203.0.113.4' }, '203.0.113.4'],
  [{ forwarded: 'by=203.0.113.1;host=a, proto=http;For="203.0.113.4:80"' }, '203.0.113.4'],
  [{ forwarded: '203.0.113.1, for=203.0.113.4' }, '203.0.113.1'],
  // Forms.
  [{ 'x-forwarded-for': '203.0.113.1:4711' }, '203.0.113.1'],
  [{ 'x-forwarded-for': '"203.0.113.1"' }, '203.0.113.1'],
  [{ 'x-forwarded-for': '[2001:db8::1]' }, '2001:db8::1'],
  [{ 'x-forwarded-for': '[2001:db8::1]:443' }, '2001:db8::1'],
  [{ forwarded: 'for="[2001:db8:cafe::17]:4711"' }, '2001:db8:cafe::17'],
  [{ 'x-forwarded-for': '2001:db8::1' }, '2001:db8::1'],
  // What is no address.
  [{ 'x-forwarded-for': '' }, '127.0.0.1'],
  [{ 'x-forwarded-for': 'garbage' }, '127.0.0.1'],
  [{ 'x-forwarded-for': '1.2.3' }, '127.0.0.1'],
  [{ 'x-forwarded-for': '999.1.1.1' }, '127.0.0.1'],
  [{ 'x-forwarded-for': '01.02.03.04' }, '127.0.0.1'],
  [{ 'x-forwarded-for': '203.0.113.1/32' }, '127.0.0.1'],
  [{ forwarded: 'by=203.0.113.1' }, '127.0.0.1'],
]

/** Addresses of private networks: a public one beats each, in whatever order they come. */
const privateAddresses = `
  127.1.2.3 10.255.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1
  100.65.0.1 100.127.255.255 ::1 fec0::1 fe80::1 fc00::1 fd12::1
`
  .trim()
  .split(/\s+/)
/** Their neighbours, which are public. */
const publicAddresses = [
  '9.255.255.255',
  '11.0.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '192.169.0.1',
  '100.128.0.1',
  '100.63.0.1',
]

function claim(headers: Headers, ip: string): TracerCase {
  const source = ip === '127.0.0.1' ? 'socket' : 'claimed'
  return {
    says: `2.5: ${JSON.stringify(headers)} is ${ip}`,
    path: '/ok',
    headers,
    status: 200,
    meta: { 'http.client_ip': ip, 'network.client.ip': '127.0.0.1', '_dd.portcullis.ip_source': source },
  }
}

export const clientIpCases: readonly TracerCase[] = [
  ...claims.map(([headers, ip]) => claim(headers, ip)),
  ...privateAddresses.map((ip) => claim({ 'x-forwarded-for': `${ip}, 203.0.113.1` }, '203.0.113.1')),
  ...publicAddresses.map((ip) => claim({ 'x-forwarded-for': `${ip}, 203.0.113.1` }, ip)),
  {
    says: '2.5: DD_TRACE_CLIENT_IP_HEADER names the one header',
    path: '/ok',
    headers: { 'x-mine': '203.0.113.20', 'x-forwarded-for': '203.0.113.7' },
    environment: { DD_TRACE_CLIENT_IP_HEADER: 'X-Mine' },
    status: 200,
    meta: { 'http.client_ip': '203.0.113.20' },
  },
  {
    says: '2.5: of a custom header the first public address counts',
    path: '/ok',
    headers: { 'x-mine': '10.0.0.1, 203.0.113.20' },
    environment: { DD_TRACE_CLIENT_IP_HEADER: 'x-mine' },
    status: 200,
    meta: { 'http.client_ip': '203.0.113.20' },
  },
  {
    says: '1.4: where a custom header has nothing usable, the peer counts, and no other header',
    path: '/ok',
    headers: { 'x-mine': 'nobody', 'x-forwarded-for': '203.0.113.7' },
    environment: { DD_TRACE_CLIENT_IP_HEADER: 'x-mine' },
    status: 200,
    meta: { 'http.client_ip': '127.0.0.1', '_dd.portcullis.ip_source': 'socket' },
  },
  {
    says: '1.4: behind trusted proxies a client cannot choose its address',
    path: '/ok',
    headers: { 'x-forwarded-for': '198.51.100.9, 203.0.113.7, 10.1.2.3', 'x-real-ip': '198.51.100.8' },
    environment: { TRUSTED_PROXIES: '127.0.0.0/8,10.0.0.0/8' },
    status: 200,
    meta: { 'http.client_ip': '203.0.113.7', '_dd.portcullis.ip_source': 'trusted' },
  },
  {
    says: '1.4: a peer that is no trusted proxy is the client',
    path: '/ok',
    headers: { 'x-forwarded-for': '203.0.113.7' },
    environment: { TRUSTED_PROXIES: '10.0.0.0/8' },
    status: 200,
    meta: { 'http.client_ip': '127.0.0.1', '_dd.portcullis.ip_source': 'socket' },
  },
  {
    says: '2.5: the address is resolved with AppSec off as well (1.6)',
    path: '/ok',
    headers: { 'x-forwarded-for': '203.0.113.7' },
    environment: { DD_APPSEC_ENABLED: 'false' },
    status: 200,
    meta: { 'http.client_ip': '203.0.113.7' },
  },
]
