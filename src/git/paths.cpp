#include "git/paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/text.hpp"

namespace cordyna::git {
namespace {

constexpr std::size_t kPartMax = 255;
constexpr std::size_t kPathMax = 1000;

bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char one) { return static_cast<unsigned char>(one) < ' ' || one == 0x7f; });
}

bool is_gits(std::string_view part) {
  return part.size() == 4 && std::ranges::equal(part, std::string_view(".git"), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b;
         });
}

std::unexpected<Error> wrong_path(std::string_view path, std::string_view why) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("file '{}' {}", printable(path.substr(0, kPathMax)), why));
}

/// The first part, which `rest` has no more.
std::string_view take_part(std::string_view& rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view part = rest.substr(0, slash);
  rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  return part;
}

}  // namespace

Result<> check_path(std::string_view path) {
  if (path.empty() || path.ends_with('/')) return wrong_path(path, "has no name");
  if (path.size() > kPathMax) return wrong_path(path, "has a name that is too long");
  if (has_control(path)) return wrong_path(path, "has a control character in its name");
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view part = take_part(rest);
    if (part.empty() || part == "." || part == ".." || is_gits(part)) {
      return wrong_path(path, "would lie outside of the folder");
    }
    if (part.size() > kPartMax) return wrong_path(path, "has a name that is too long");
  }
  return {};
}

Result<> check_link(std::string_view path, std::string_view target) {
  const auto leads_out = [&] {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("link '{}' leads out of the folder that is followed: to '{}'",
                            printable(path), printable(target.substr(0, kPathMax))));
  };
  if (target.empty() || target.size() > kPathMax || has_control(target) ||
      target.starts_with('/')) {
    return leads_out();
  }
  auto above = std::ranges::count(path, '/');
  bool down = false;
  for (std::string_view rest = target; !rest.empty();) {
    const std::string_view part = take_part(rest);
    if (part == "..") {
      if (down || above == 0) return leads_out();
      --above;
    } else if (is_gits(part)) {
      return leads_out();
    } else if (!part.empty() && part != ".") {
      down = true;
    }
  }
  return {};
}

}  // namespace cordyna::git
