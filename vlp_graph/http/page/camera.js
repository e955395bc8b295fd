/** The camera, in a dialog: look, take a picture, or leave. */

import { byId } from "./dom.js";
import { encoded, picture } from "./pictures.js";

/** A picture from the camera, null where the person leaves. Raises what getUserMedia raises. */
export async function shoot(limits) {
  const [dialog, view] = [byId("camera"), byId("view")];
  let facing = "environment";
  let stream = await opened(facing);
  const close = () => stream.getTracks().forEach((track) => track.stop());
  const show = async () => {
    view.srcObject = stream;
    await view.play();
  };
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
  byId("flip").hidden = cameras.length < 2;
  dialog.showModal();
  await show();
  const taken = await new Promise((done) => {
    byId("take").onclick = () => done(true);
    byId("leave").onclick = () => done(false);
    dialog.onclose = () => done(false);
    byId("flip").onclick = async () => {
      facing = facing === "user" ? "environment" : "user";
      close();
      stream = await opened(facing);
      await show();
    };
  });
  const shot = taken ? await encoded(view, view.videoWidth, view.videoHeight, limits.pixels) : null;
  close();
  view.srcObject = null;
  dialog.close();
  return shot && picture(shot.blob, shot.width, shot.height, "camera.jpg");
}

const opened = (facing) =>
  navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, width: { ideal: 1280 } } });
