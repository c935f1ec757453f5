// A vitest reporter: tells at the end where the time went. (The JSON report's times are without hooks.)
export default class SlowestFiles {
  onTestRunEnd(modules) {
    const files = modules.map((module) => ({
      name: module.relativeModuleId,
      seconds: module.diagnostic().duration / 1000,
    }));
    console.log('Slowest files, in seconds:');
    for (const { name, seconds } of files.sort((a, b) => b.seconds - a.seconds).slice(0, 10)) {
      console.log(`${seconds.toFixed(1).padStart(8)}  ${name}`);
    }
  }
}
