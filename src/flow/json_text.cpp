#include "flow/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cordyna::flow {
namespace {

/// U+0085, U+2028 and U+2029 break lines in YAML; U+007F, C1 and U+FEFF are refused there. Returns
/// the bytes that are taken by such a character at the begin of `text`; 0: none is there.
std::size_t special_size(std::string_view text, unsigned& point) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) == 0xC2 && text.size() > 1 && byte(1) < 0xA0) {
    point = byte(1);
    return 2;
  }
  if ((byte(0) == 0xE2 || byte(0) == 0xEF) && text.size() > 2) {
    point = ((byte(0) & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU);
    const bool special =
        point == 0x2028 || point == 0x2029 || point == 0xFEFF || point == 0xFFFE || point == 0xFFFF;
    return special ? 3 : 0;
  }
  return 0;
}

void append_control(std::string& out, unsigned point) {
  switch (point) {
    case '\n': out += "\\n"; break;
    case '\t': out += "\\t"; break;
    case '\r': out += "\\r"; break;
    default: fmt::format_to(std::back_inserter(out), "\\u{:04x}", point);
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    unsigned point = 0;
    const std::size_t special = byte < 0x80 ? 0 : special_size(text.substr(i), point);
    if (byte < 0x20 || byte == 0x7F) {
      append_control(out, byte);
    } else if (special > 0) {
      append_control(out, point);
      i += special - 1;
    } else {
      if (byte == '"' || byte == '\\') out += '\\';
      out += text[i];
    }
  }
  out += '"';
}

void append_json_object(std::string& out, JsonFields& fields, KeyOrder order) {
  if (order == KeyOrder::kSorted)
    std::ranges::stable_sort(fields, {}, &JsonFields::value_type::first);
  out += '{';
  bool first = true;
  for (const auto& [key, value] : fields) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, key);
    out += ':';
    out += value;
  }
  out += '}';
}

void append_json(std::string& out, const Node& node, KeyOrder order) {
  if (node.kind == NodeKind::kString) {
    append_json_string(out, node.text);
  } else if (node.is_scalar()) {
    out += scalar_as_json(node);
  } else if (node.kind == NodeKind::kList) {
    out += '[';
    for (const Node* item = node.first; item != nullptr; item = item->next) {
      if (item != node.first) out += ',';
      append_json(out, *item, order);
    }
    out += ']';
  } else {
    JsonFields fields;
    for (const Node* key = node.first; key != nullptr; key = key->next->next) {
      std::string value;
      append_json(value, *key->next, order);
      fields.emplace_back(key->text, std::move(value));
    }
    append_json_object(out, fields, order);
  }
}

}  // namespace cordyna::flow
