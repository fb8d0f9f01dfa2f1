// WeChat's own elements as far as the mini-program uses them, on top of the DOM.
import { glassEasel } from "glass-easel-miniprogram-adapter";

const common = { ariaLabel: String, ariaRole: String, hidden: Boolean, hoverClass: String };

const ATTRIBUTES = { ariaLabel: "aria-label", ariaRole: "role" };

// What has a field of the DOM inside gives its label to that.
function shown(element, values, hasField) {
  for (const [name, attribute] of Object.entries(ATTRIBUTES)) {
    if (values[name] && !hasField) element.setAttribute(attribute, values[name]);
  }
  element.style.display = values.hidden ? "none" : "";
}

// Which element it is, its properties, and what it puts into the DOM; `update` gets every change.
const ELEMENTS = {
  view: {},
  text: { properties: { userSelect: Boolean, decode: Boolean, space: String } },
  "scroll-view": { properties: { scrollY: Boolean, scrollX: Boolean, scrollIntoView: String, enhanced: Boolean } },
  button: {
    properties: { disabled: Boolean, loading: Boolean, openType: String, formType: String, type: String, size: String },
    update(element, values, component) {
      element.setAttribute("role", "button");
      element.setAttribute("tabindex", "0");
      element.setAttribute("aria-disabled", String(values.disabled));
      if (values.openType !== "getPhoneNumber" || element.dataset.asks) return;
      element.dataset.asks = "phone";
      element.addEventListener("click", () =>
        component.triggerEvent("getphonenumber", window.phone.phoneCode ? { code: window.phone.phoneCode } : { errMsg: "getPhoneNumber:fail user deny" }),
      );
    },
  },
  image: {
    properties: { src: String, mode: String, lazyLoad: Boolean },
    update(element, values) {
      if (!element.firstChild) element.append(new Image());
      element.firstChild.alt = values.ariaLabel || "";
      element.firstChild.src = window.phone.addressOf(values.src);
    },
  },
  canvas: {
    properties: { type: String },
    update(element) {
      if (!element.firstChild) element.append(document.createElement("canvas"));
    },
  },
  input: field("input"),
  textarea: field("textarea"),
  picker: {
    hasField: true,
    properties: { mode: String, value: String, start: String, end: String, range: Array, rangeKey: String, fields: String, disabled: Boolean },
    update(element, values, component) {
      let input = element.querySelector(":scope > input");
      if (!input) {
        input = document.createElement("input");
        input.type = "date";
        input.addEventListener("change", (event) => {
          event.stopPropagation();
          component.triggerEvent("change", { value: input.value });
        });
        element.append(input);
      }
      input.setAttribute("aria-label", values.ariaLabel || "");
      if (input.value !== values.value) input.value = values.value || "";
    },
  },
};

function field(tag) {
  return {
    hasField: true,
    properties: {
      value: String,
      type: String,
      placeholder: String,
      placeholderClass: String,
      maxlength: Number,
      disabled: Boolean,
      focus: Boolean,
      confirmType: String,
      autoHeight: Boolean,
      adjustPosition: Boolean,
      cursorSpacing: Number,
    },
    update(element, values, component) {
      let input = element.firstElementChild;
      if (!input) {
        input = document.createElement(tag);
        // WeChat's events carry the value; the DOM's own must not get through beside them.
        input.addEventListener("input", (event) => {
          event.stopPropagation();
          component.triggerEvent("input", { value: input.value }, { bubbles: true });
        });
        input.addEventListener("keydown", (event) => {
          if (event.key === "Enter" && tag === "input") component.triggerEvent("confirm", { value: input.value });
        });
        element.append(input);
      }
      input.setAttribute("aria-label", values.ariaLabel || values.placeholder || "");
      input.placeholder = values.placeholder || "";
      input.disabled = values.disabled;
      if (values.type === "number" || values.type === "digit") input.inputMode = "numeric";
      if (values.maxlength > 0) input.maxLength = values.maxlength;
      if (input.value !== values.value) input.value = values.value;
    },
  };
}

export function define(space) {
  for (const [tag, { properties = {}, update, hasField }] of Object.entries(ELEMENTS)) {
    const builder = space.define(`wechat/${tag}`);
    const names = Object.entries({ ...common, ...properties });
    for (const [name, type] of names) builder.property(name, type);
    const show = (component) => {
      const element = component.getBackendElement();
      shown(element, component.data, hasField);
      update?.(element, component.data, component);
    };
    builder.lifetime("attached", function () {
      show(this);
    });
    for (const [name] of names) {
      builder.observer(name, function () {
        if (glassEasel.Element.isAttached(this)) show(this);
      });
    }
    space.setGlobalUsingComponent(tag, builder.registerComponent());
  }
}
