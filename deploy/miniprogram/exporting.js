// The file with all that is known of somebody, on its way to them. It holds full numbers: it doesn't
// stay on the phone, not even where the mini-program was closed over it.
const NAME = "nuangang.html";

const path = () => `${wx.env.USER_DATA_PATH}/${NAME}`;

const clear = () => wx.getFileSystemManager().unlink({ filePath: path() });

module.exports = { NAME, path, clear };
