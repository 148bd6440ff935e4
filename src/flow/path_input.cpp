#include "flow/path_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/text.hpp"
#include "flow/diagnostics.hpp"
#include "flow/yaml_tree.hpp"

namespace cordyna::flow {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> refuse(const fs::path& path, std::string_view why, std::string_view hint) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("wants a file, but {} {}{}", path.string(), why, hint));
}

/// Why it cannot be opened to read; empty: it can. Permissions alone would not tell all.
std::string why_unreadable(const fs::path& path) {
  errno = 0;
  const std::ifstream file(path, std::ios::binary);
  if (file.is_open()) return {};
  return errno == 0 ? "it cannot be opened" : std::generic_category().message(errno);
}

/// Both absolute, without links.
bool is_below(const fs::path& path, const fs::path& folder) {
  const fs::path inside = path.lexically_relative(folder);
  return !inside.empty() && *inside.begin() != "..";
}

fs::path without_links(const fs::path& path) {
  std::error_code error;
  fs::path found = fs::weakly_canonical(path, error);
  return error ? fs::path() : found;
}

}  // namespace

Result<> check_bounds(std::string_view path, std::string_view folder, const FileBounds& bounds) {
  const fs::path given(path);
  const fs::path file = without_links(given.is_absolute() ? given : fs::path(folder) / given);
  const fs::path state = without_links(bounds.state);
  const auto allows = [&](std::string_view root) {
    const fs::path allowed = without_links(root);
    if (file.empty() || allowed.empty() || !is_below(file, allowed)) return false;
    return !is_below(file, state) || is_below(allowed, state);
  };
  if (allows(folder) || std::ranges::any_of(bounds.folders, allows)) return {};
  return fail(
      ErrorCode::kInvalidArgument,
      fmt::format("wants a file below {}, and none of the state folder, not {}; what else may "
                  "be named from afar, 'server.files' in cordyna.yaml says",
                  folder, quoted(path)));
}

Result<std::string> readable_file(std::string_view path, std::string_view folder) {
  const fs::path given(path);
  const fs::path whole = given.is_absolute() ? given : fs::path(folder) / given;
  const std::string hint =
      given.is_absolute() ? "" : fmt::format("; a relative path is from {}", folder);
  std::error_code error;
  const fs::file_status status = fs::status(whole, error);
  if (status.type() == fs::file_type::not_found) return refuse(whole, "does not exist", hint);
  if (error) return refuse(whole, fmt::format("cannot be read: {}", error.message()), hint);
  if (fs::is_directory(status)) return refuse(whole, "is a folder", hint);
  if (!fs::is_regular_file(status)) return refuse(whole, "is no regular file", hint);
  const std::string why = why_unreadable(whole);
  if (!why.empty()) return refuse(whole, fmt::format("cannot be read: {}", why), hint);
  const fs::path parent = fs::canonical(whole.parent_path(), error);
  if (error) return refuse(whole, fmt::format("cannot be found: {}", error.message()), hint);
  std::string found = (parent / whole.filename()).string();
  if (!is_utf8(found)) return refuse(whole, "has a path that is not UTF-8", hint);
  return found;
}

}  // namespace cordyna::flow
