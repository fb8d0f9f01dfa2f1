// 服务器地址和开发者登录名；怎么填见 README.md。
module.exports = {
  server: "http://127.0.0.1:8000",
  // 只在开发时填：填了就用这个名字登录，不经过微信。上线前清空。
  developer: "",
};
