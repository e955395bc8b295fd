/** The camera, in a dialog: look, take a picture, or leave. */

import { byId } from "./dom.js";
import { encoded, picture } from "./pictures.js";

/** A picture from the camera, null where the person leaves. Raises what getUserMedia raises. */
export async function shoot(limits) {
  const [dialog, view, take, flip] = ["camera", "view", "take", "flip"].map(byId);
  let facing = "environment";
  let stream = await opened(facing);
  const close = () => stream.getTracks().forEach((track) => track.stop());
  const show = async () => {
    take.disabled = true; // there is no picture to take before the first frame
    view.srcObject = stream;
    await view.play();
    take.disabled = false;
  };
  const turn = async () => {
    facing = facing === "user" ? "environment" : "user";
    close();
    stream = await opened(facing);
    await show();
  };
  try {
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
    flip.hidden = cameras.length < 2;
    // The buttons answer before the dialog shows them: a press while the camera starts is not lost.
    const pressed = new Promise((done, failed) => {
      take.onclick = () => done(true);
      byId("leave").onclick = () => done(false);
      dialog.onclose = () => done(false);
      flip.onclick = () => turn().catch(failed);
      dialog.showModal();
      show().catch(failed);
    });
    if (!(await pressed)) return null;
    const shot = await encoded(view, view.videoWidth, view.videoHeight, limits.pixels);
    return picture(shot.blob, shot.width, shot.height, "camera.jpg");
  } finally {
    close();
    view.srcObject = null;
    dialog.close();
  }
}

const opened = (facing) =>
  navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, width: { ideal: 1280 } } });
