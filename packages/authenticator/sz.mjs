import { build } from "esbuild"
import { gzipSync } from "node:zlib"
const one = async (name, contents, external, show) => {
  const r = await build({ stdin:{contents, resolveDir:"packages/testing", loader:"ts"}, bundle:true, minify:true, format:"esm", write:false, metafile:true, platform:"neutral", mainFields:["module","main"], conditions:["import"], external: ["node:*", "effect","@effect/platform","jose",...external], treeShaking:true, logLevel:"error" })
  const o = Object.values(r.metafile.outputs)[0]
  console.log(name, r.outputFiles[0].contents.length, gzipSync(r.outputFiles[0].contents,{level:9}).length)
  if (show) { const by={}; for (const [k,v] of Object.entries(o.inputs)) { const d=k.replace(/node_modules\/.pnpm\//,"").split("/").slice(0,2).join("/"); by[d]=(by[d]??0)+v.bytesInOutput }; console.log(by); console.log(Object.entries(o.inputs).map(([k,v])=>[k.replace(/node_modules\/.pnpm\//,""),v.bytesInOutput]).sort((a,b)=>b[1]-a[1]).map(x=>x.join(" ")).join("\n"))}
}
await one("barrel", 'export * from "@effect-launchkey/clients"', [])
await one("barrel -iso", 'export * from "@effect-launchkey/clients"', ["iso-3166"], true)
await one("barrel -iso -uqr", 'export * from "@effect-launchkey/clients"', ["iso-3166","uqr"])
await one("program", 'import { ServiceClient } from "@effect-launchkey/clients"; import { AuthPolicy } from "@effect-launchkey/core"; import { Transport } from "@effect-launchkey/transport"; console.log(ServiceClient.ServiceClient, ServiceClient.layerConfig, AuthPolicy.any, Transport.layerConfig)', [])
await one("program -noble", 'import { ServiceClient } from "@effect-launchkey/clients"; import { AuthPolicy } from "@effect-launchkey/core"; import { Transport } from "@effect-launchkey/transport"; console.log(ServiceClient.ServiceClient, ServiceClient.layerConfig, AuthPolicy.any, Transport.layerConfig)', ["@noble/hashes"])
