#include "http/message.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/words.hpp"

namespace cordyna::http {

const std::string* find_header(const Headers& headers, std::string_view name) {
  const auto found = std::ranges::find_if(
      headers, [name](const Header& header) { return same_word(header.name, name); });
  return found == headers.end() ? nullptr : &found->value;
}

std::string media_type(const Headers& headers) {
  const std::string* header = find_header(headers, "Content-Type");
  if (header == nullptr) return {};
  std::string type = ascii_lower(std::string_view(*header).substr(0, header->find(';')));
  while (type.ends_with(' ') || type.ends_with('\t')) type.pop_back();
  return type;
}

void set_header(Headers& headers, std::string_view name, std::string value) {
  std::erase_if(headers, [name](const Header& header) { return same_word(header.name, name); });
  headers.push_back({std::string(name), std::move(value)});
}

Result<> check_header(const Header& header) {
  constexpr std::string_view kAlso = "!#$%&'*+-.^_`|~";
  const bool token = !header.name.empty() && std::ranges::all_of(header.name, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kAlso.find(c) != std::string_view::npos;
  });
  if (!token) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is no name of a header", header.name));
  }
  const bool control = std::ranges::any_of(
      header.value, [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f; });
  if (!control) return {};
  return fail(
      ErrorCode::kInvalidArgument,
      fmt::format("the header {} has a line break or another control character in its value",
                  header.name));
}

bool is_own_header(std::string_view name) {
  static constexpr std::string_view kOwn[] = {"host",
                                              "connection",
                                              "content-length",
                                              "transfer-encoding",
                                              "te",
                                              "trailer",
                                              "upgrade",
                                              "expect",
                                              "accept-encoding",
                                              "keep-alive",
                                              "proxy-authorization"};
  return std::ranges::count(kOwn, ascii_lower(name)) > 0;
}

std::string Response::header(std::string_view name) const {
  const std::string* value = find_header(headers, name);
  return value == nullptr ? std::string() : *value;
}

}  // namespace cordyna::http
