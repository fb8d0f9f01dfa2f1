// What somebody says of themselves: the fields, how they are shown, and what is wrong with one.
const FIELDS = [
  { name: "name", label: "姓名", hint: "照身份证上的写", type: "text", most: 50 },
  { name: "identity_number", label: "身份证号", hint: "18位，最后一位可能是X", type: "idcard", most: 24 },
  { name: "phone", label: "手机号", hint: "11位，经办人会打这个电话", type: "number", most: 11 },
  { name: "native_place", label: "老家在哪里（可以不填）", hint: "比如：四川达州", type: "text", most: 60 },
];
const CARD = { name: "bank_card", label: "银行卡号（可以以后再填）", hint: "钱批下来打到这张卡上，要是你本人的卡", type: "number", most: 23 };

const SHOWN = [
  ["name", "姓名"],
  ["identity_number", "身份证号"],
  ["phone", "手机号"],
  ["bank_card", "银行卡号"],
  ["native_place", "老家"],
];

// What is filled in, without what was left empty.
function askedOf(person) {
  const filled = Object.entries(person).filter(([, value]) => value.trim());
  return Object.fromEntries(filled.map(([name, value]) => [name, value.trim()]));
}

// A profile line by line, as it may be seen.
const maskedOf = (profile) => (profile ? SHOWN.map(([name, label]) => ({ name, label, value: profile[name] || "没填" })) : []);

// The sentence for each field that was refused, null where it is another fault.
function errorsOf(fault) {
  if (fault.code !== "invalid_fields") return null;
  return Object.fromEntries(fault.body.errors.map(({ field, detail }) => [field, detail]));
}

module.exports = { FIELDS, CARD, askedOf, errorsOf, maskedOf };
