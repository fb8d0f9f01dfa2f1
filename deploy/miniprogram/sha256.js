// SHA-256 (FIPS 180-4) of bytes as hexadecimal digits: WeChat offers none.
const ROUNDS = 64;

function fraction(number, root) {
  const value = Math.pow(number, 1 / root);
  return ((value - Math.floor(value)) * 0x100000000) | 0;
}

function primes(count) {
  const found = [];
  for (let number = 2; found.length < count; number += 1) {
    if (found.every((prime) => number % prime)) found.push(number);
  }
  return found;
}

const CONSTANTS = primes(ROUNDS).map((prime) => fraction(prime, 3));
const START = primes(8).map((prime) => fraction(prime, 2));

const turn = (word, by) => (word >>> by) | (word << (32 - by));

function padded(bytes) {
  const filled = new Uint8Array(((bytes.length + 8) >> 6) * 64 + 64);
  filled.set(bytes);
  filled[bytes.length] = 0x80;
  const view = new DataView(filled.buffer);
  view.setUint32(filled.length - 8, Math.floor(bytes.length / 0x20000000));
  view.setUint32(filled.length - 4, bytes.length << 3);
  return view;
}

function sha256(bytes) {
  const view = padded(bytes);
  const words = new Int32Array(ROUNDS);
  let state = START.slice();
  for (let block = 0; block < view.byteLength; block += 64) {
    for (let round = 0; round < ROUNDS; round += 1) {
      if (round < 16) {
        words[round] = view.getInt32(block + round * 4);
        continue;
      }
      const early = words[round - 15];
      const late = words[round - 2];
      const small = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
      const large = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
      words[round] = words[round - 16] + small + words[round - 7] + large;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let round = 0; round < ROUNDS; round += 1) {
      const mixed = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const first = (h + mixed + ((e & f) ^ (~e & g)) + CONSTANTS[round] + words[round]) | 0;
      const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [a, b, c, d, e, f, g, h] = [(first + second) | 0, a, b, c, (d + first) | 0, e, f, g];
    }
    state = [a, b, c, d, e, f, g, h].map((value, place) => (value + state[place]) | 0);
  }
  return state.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

module.exports = { sha256 };
