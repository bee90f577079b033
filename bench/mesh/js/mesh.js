// @libp2p/gossipsub: all nodes in this one process, over TCP, Noise and yamux on loopback.
//
// node mesh.js '{"nodes":20,"size":1024,"rate":4,"seconds":20,"warm":10,"idle":3,"sign":true}'
// One JSON object on the standard output. Copies are counted where a received message enters
// gossipsub; latency is by one clock, at other nodes than the publisher's.
import { noise } from '@chainsafe/libp2p-noise'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'

// Node 20 lacks it; the libraries want Node 22.
Promise.withResolvers ??= function () {
  const out = {}
  out.promise = new Promise((resolve, reject) => Object.assign(out, { resolve, reject }))
  return out
}

const options = JSON.parse(process.argv[2])
const TOPIC = 'bench/mesh'
const STAMP = 18 // bytes: number, node, when
const GRACE = 3000 // ms that the last message may take
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
const identifier = (message) => Buffer.from(message.data.subarray(0, STAMP))

let copies = 0
let load = null // what is measured now; null before the warm-up

async function node () {
  const signing = options.sign ? {} : { globalSignaturePolicy: 'StrictNoSign', msgIdFn: identifier }
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: 1e6, maxConnections: 1000 },
    services: {
      identify: identify(),
      pubsub: gossipsub({ emitSelf: true, allowPublishToZeroTopicPeers: true,
        scoreParams: { IPColocationFactorWeight: 0 }, ...signing })
    }
  })
}

function watch (pubsub, index) {
  const receive = pubsub.handleReceivedMessage.bind(pubsub)
  pubsub.handleReceivedMessage = (from, message) => {
    copies++
    return receive(from, message)
  }
  pubsub.addEventListener('message', ({ detail }) => {
    if (load === null || detail.topic !== TOPIC) return
    const data = Buffer.from(detail.data.buffer, detail.data.byteOffset, detail.data.length)
    if (data.readUInt32BE(0) !== load.id) return
    load.deliveries++
    if (data.readUInt16BE(8) !== index) {
      load.latencies.push(Number(process.hrtime.bigint() - data.readBigUInt64BE(10)) / 1e6)
    }
  })
}

// Each dials three that are there already and three at random: gossipsub then makes its own mesh.
async function connect (nodes) {
  const dialed = new Set()
  for (let i = 1; i < nodes.length; i++) {
    const others = [...Array(3)].map((_, k) => (k < i ? k : 0)).concat([...Array(3)].map(() => Math.floor(Math.random() * nodes.length)))
    for (const j of others) {
      const pair = `${Math.min(i, j)}-${Math.max(i, j)}`
      if (i === j || dialed.has(pair)) continue
      dialed.add(pair)
      await nodes[i].dial(nodes[j].getMultiaddrs())
    }
  }
}

async function publish (nodes, number, index) {
  const data = Buffer.alloc(options.size, '.')
  data.writeUInt32BE(load.id, 0)
  data.writeUInt32BE(number, 4)
  data.writeUInt16BE(index, 8)
  data.writeBigUInt64BE(process.hrtime.bigint(), 10)
  await nodes[index].services.pubsub.publish(TOPIC, data)
}

// plan: [ms from now, node] of each publication.
async function run (nodes, id, plan) {
  load = { id, deliveries: 0, latencies: [], expected: plan.length * nodes.length }
  const before = { copies, cpu: process.cpuUsage() }
  const begin = performance.now()
  for (const [number, [at, index]] of plan.entries()) {
    await pause(begin + at - performance.now())
    publish(nodes, number, index).catch((fault) => console.error(String(fault)))
  }
  const end = performance.now() + GRACE
  while (load.deliveries < load.expected && performance.now() < end) await pause(50)
  const cpu = process.cpuUsage(before.cpu)
  return { ...load, published: plan.length, copies: copies - before.copies,
    cpu: (cpu.user + cpu.system) / 1e6, elapsed: (performance.now() - begin) / 1e3 }
}

const random = () => Math.floor(Math.random() * options.nodes)
const own = process.memoryUsage().rss
const nodes = []
for (let i = 0; i < options.nodes; i++) nodes.push(await node())
nodes.forEach((each, index) => watch(each.services.pubsub, index))
await connect(nodes)
for (const each of nodes) each.services.pubsub.subscribe(TOPIC)
await pause(options.warm * 1e3)
const gap = 1e3 / options.rate
await run(nodes, 1, [...Array(options.nodes)].map((_, i) => [i * gap, i]))
const idle = process.cpuUsage()
await pause(options.idle * 1e3)
const rest = process.cpuUsage(idle)
const plan = [...Array(Math.round(options.rate * options.seconds))].map((_, i) => [i * gap, random()])
const result = await run(nodes, 2, plan)
const mesh = nodes.map((each) => each.services.pubsub.getMeshPeers(TOPIC).length)
console.log(JSON.stringify({ ...result, idle_cpu: (rest.user + rest.system) / 1e6 / options.idle,
  resident: process.memoryUsage().rss, base: own, links: mesh.reduce((a, b) => a + b, 0) / mesh.length,
  node: process.version }))
process.exit(0)
