#include "input/file/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/pattern.hpp"
#include "base/text.hpp"

namespace cordyna::input {
namespace {

bool fits_path(std::string_view pattern, std::string_view path) {
  return fits_pattern(pattern, pattern.contains('/') ? path : name_in(path));
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

template <class Keeps>
std::string escape_path(std::string_view path, const Keeps& keeps) {
  std::string out;
  while (!path.empty()) {
    const std::string_view one = path.substr(0, character_size(path));
    path.remove_prefix(one.size());
    if (keeps(one)) {
      out += one;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(one[0])));
    }
  }
  return out;
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

}  // namespace

Result<> check_pattern(std::string_view key, std::string_view pattern) {
  const std::string problem = pattern_problem(pattern);
  if (problem.empty()) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("'{}': the pattern '{}' {}", key, fit(printable(pattern), 60), problem));
}

bool FileNames::enters(std::string_view path) const {
  return !name_in(path).starts_with(kOwnPrefix) &&
         std::ranges::none_of(ignore_,
                              [&](const std::string& one) { return fits_path(one, path); });
}

bool FileNames::wants(std::string_view path) const {
  return enters(path) &&
         (files_.empty() || std::ranges::any_of(files_, [&](const std::string& one) {
            return fits_path(one, path);
          }));
}

std::string_view name_in(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view folder_in(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string path_of(std::string_view folder, std::string_view name) {
  return folder.empty() ? std::string(name) : fmt::format("{}/{}", folder, name);
}

std::string shown_path(std::string_view path) {
  return escape_path(path, [](std::string_view one) { return is_utf8(one); });
}

std::string path_as_mark(std::string_view path) {
  return escape_path(
      path, [](std::string_view one) { return is_utf8(one) && one != "%" && !is_control(one[0]); });
}

Result<std::string> path_of_mark(std::string_view mark) {
  std::string out;
  for (std::size_t at = 0; at < mark.size(); ++at) {
    if (mark[at] != '%') {
      out += mark[at];
      continue;
    }
    const auto high = at + 2 < mark.size() ? hex_digit(mark[at + 1]) : std::nullopt;
    const auto low = at + 2 < mark.size() ? hex_digit(mark[at + 2]) : std::nullopt;
    if (!high.has_value() || !low.has_value()) {
      return fail(ErrorCode::kCorrupt,
                  fmt::format("what is known of a file has no path: {}", fit(printable(mark), 60)));
    }
    out += static_cast<char>(*high * 16 + *low);
    at += 2;
  }
  return out;
}

}  // namespace cordyna::input
