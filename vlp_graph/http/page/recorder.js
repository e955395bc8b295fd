/** The microphone: from pressing the button to a recording in a format that the server decodes. */

const FORMATS = [
  ["audio/webm;codecs=opus", "webm"],
  ["audio/ogg;codecs=opus", "ogg"],
  ["audio/mp4", "m4a"],
];

/** Why there is no microphone or camera to be had, null if there may be one. */
export function noMedia() {
  if (navigator.mediaDevices?.getUserMedia) return null;
  return "Browsers give microphone and camera only to pages over https, or on localhost. Open the page there.";
}

/** What went wrong with a microphone or camera (`what`), in words. */
export function mediaTrouble(error, what) {
  if (error.name === "NotAllowedError")
    return `The browser was not allowed to use the ${what}. Allow it in the address bar and try again.`;
  if (error.name === "NotFoundError") return `There is no ${what} here. Connect one and try again.`;
  if (error.name === "NotReadableError") return `The ${what} is in use by another program. Close that and try again.`;
  return `The ${what} does not work (${error.name}).`;
}

export class Recorder {
  /** `heard(level)` is told the loudness, 0 to 1, while it records. */
  constructor(heard) {
    this.heard = heard;
    this.running = null;
  }

  /** Begins. Raises what getUserMedia raises. */
  async start() {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    const [type, format] = FORMATS.find(([name]) => MediaRecorder.isTypeSupported(name)) ?? ["", "webm"];
    const recorder = new MediaRecorder(stream, type ? { mimeType: type } : {});
    const pieces = [];
    recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    const ended = new Promise((done) => recorder.addEventListener("stop", done));
    recorder.start();
    this.running = { stream, recorder, pieces, ended, format, since: performance.now(), meter: this.meter(stream) };
  }

  get seconds() {
    return this.running ? (performance.now() - this.running.since) / 1000 : 0;
  }

  /** Ends: `{blob, format, seconds}`. */
  async stop() {
    const { stream, recorder, pieces, ended, format, meter } = this.running;
    const seconds = this.seconds;
    this.running = null;
    if (recorder.state !== "inactive") recorder.stop();
    await ended;
    meter.close();
    for (const track of stream.getTracks()) track.stop();
    return { blob: new Blob(pieces, { type: recorder.mimeType.split(";")[0] }), format, seconds };
  }

  meter(stream) {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const wave = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(wave);
      this.heard(Math.min(1, (Math.hypot(...wave) / Math.sqrt(wave.length)) * 6));
    }, 80);
    return {
      close() {
        clearInterval(timer);
        context.close();
      },
    };
  }
}
