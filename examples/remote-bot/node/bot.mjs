// A bot for Govorun that counts what it is told. BOT_SECRET is its secret, PORT where it listens.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const secret = Buffer.from(process.env.BOT_SECRET.replace(/^whsec_/, ''), 'base64')

// Standard Webhooks: an HMAC-SHA256 of id, time and body, at most five minutes old.
function signed(headers, body) {
  const { 'webhook-id': turn, 'webhook-timestamp': at, 'webhook-signature': given = '' } = headers
  const mac = createHmac('sha256', secret).update(`${turn}.${at}.`).update(body).digest('base64')
  const want = Buffer.from(`v1,${mac}`)
  const got = Buffer.from(given)
  return got.length === want.length && timingSafeEqual(got, want) && Math.abs(Date.now() / 1000 - at) < 300
}

function react({ event, state }) {
  const buttons = ['Again', 'Talk to a person']
  if (event.type === 'start') return { messages: [{ body: 'Hello! Tell me something.', buttons }] }
  if (event.body === 'Talk to a person') return { messages: [{ body: 'I am calling a colleague.' }], handOver: true }
  const count = (state.session.count ?? 0) + 1
  return { messages: [{ body: `Message ${count}: ${event.body ?? ''}`, buttons }], variables: { session: { count } } }
}

createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  if (!signed(request.headers, body)) return response.writeHead(401).end()
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(react(JSON.parse(body))))
}).listen(Number(process.env.PORT ?? 8091), '127.0.0.1')
