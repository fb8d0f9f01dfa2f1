// What stays on the phone. Nothing of it says who somebody is; `forget` leaves only how one likes it.
const LASTING = ["region", "elder", "hant", "left"];
const KNOWN = ["region", "elder", "hant", "left", "session", "conversation", "intents", "uploads"];

function get(name) {
  const value = wx.getStorageSync(name);
  return value === "" ? null : value;
}

function put(name, value) {
  if (value === null) wx.removeStorageSync(name);
  else wx.setStorageSync(name, value);
}

function forget() {
  for (const name of KNOWN) if (!LASTING.includes(name)) put(name, null);
}

module.exports = { get, put, forget };
