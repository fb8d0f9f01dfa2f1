// Days and instants as people read them, in China's time.
const CHINA = 8 * 3600 * 1000;

// "2026-03-01" -> "2026年3月1日"
function day(written) {
  if (!written) return "";
  const [year, month, date] = written.split("-").map(Number);
  return `${year}年${month}月${date}日`;
}

// An instant of the API -> "2026年3月1日 17:30"
function moment(written) {
  const there = new Date(Date.parse(written) + CHINA);
  const two = (number) => String(number).padStart(2, "0");
  return `${there.getUTCFullYear()}年${there.getUTCMonth() + 1}月${there.getUTCDate()}日 ${two(there.getUTCHours())}:${two(there.getUTCMinutes())}`;
}

// Today in China: "2026-03-01"
const today = () => new Date(Date.now() + CHINA).toISOString().slice(0, 10);

module.exports = { day, moment, today };
