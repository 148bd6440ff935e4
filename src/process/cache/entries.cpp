#include "process/cache/entries.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace cordyna::cache {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr int kVersion = 1;
constexpr Millis kLeftoverAge = 3'600'000;

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

std::int64_t number_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(json::string_view(name.data(), name.size()));
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

/// Below artifacts/, and nowhere else.
bool is_inside(const std::string& path) {
  const fs::path parts(path);
  return !path.empty() && path.front() != '/' &&
         std::ranges::none_of(parts, [](const fs::path& part) { return part == ".."; });
}

bool is_key(std::string_view name) {
  return name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string encode(const Entry& entry) {
  json::array artifacts;
  for (const Artifact& artifact : entry.artifacts) {
    artifacts.push_back(json::object{{"path", artifact.path},
                                     {"size", static_cast<std::int64_t>(artifact.size)},
                                     {"mtime", artifact.mtime}});
  }
  const json::object object{{"version", kVersion},
                            {"key", entry.key},
                            {"flow", entry.flow},
                            {"task", entry.task},
                            {"run", entry.run},
                            {"run_id", entry.run_id},
                            {"at", entry.at},
                            {"folder", entry.folder},
                            {"bytes", static_cast<std::int64_t>(entry.bytes)},
                            {"artifacts", std::move(artifacts)}};
  return json::serialize(object) + "\n";
}

Result<Entry> parse_entry(std::string_view text) {
  json::error_code error;
  while (text.ends_with('\n')) text.remove_suffix(1);
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return fail(ErrorCode::kCorrupt, "the entry is damaged");
  const json::object& object = value.get_object();
  if (number_of(object, "version") != kVersion) {
    return fail(ErrorCode::kCorrupt, "the entry is of another version of dyna");
  }
  Entry entry;
  entry.key = text_of(object, "key");
  entry.flow = text_of(object, "flow");
  entry.task = text_of(object, "task");
  entry.run = number_of(object, "run");
  entry.run_id = text_of(object, "run_id");
  entry.at = number_of(object, "at");
  entry.folder = text_of(object, "folder");
  entry.bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(number_of(object, "bytes"), 0));
  const json::value* artifacts = object.if_contains("artifacts");
  if (!is_key(entry.key) || artifacts == nullptr || !artifacts->is_array()) {
    return fail(ErrorCode::kCorrupt, "the entry is damaged");
  }
  for (const json::value& item : artifacts->get_array()) {
    if (!item.is_object()) return fail(ErrorCode::kCorrupt, "the entry is damaged");
    const json::object& one = item.get_object();
    Artifact artifact{text_of(one, "path"), static_cast<std::uint64_t>(number_of(one, "size")),
                      number_of(one, "mtime")};
    if (!is_inside(artifact.path)) return fail(ErrorCode::kCorrupt, "the entry is damaged");
    entry.artifacts.push_back(std::move(artifact));
  }
  return entry;
}

Result<Entry> read_entry(const StateLayout& layout, const std::string& key) {
  const std::string path = layout.cache_folder() + "/" + key + "/" + kEntryFile;
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) {
    return fail(error == std::errc::no_such_file_or_directory ? ErrorCode::kNotFound
                                                              : ErrorCode::kUnavailable,
                fmt::format("{}: {}", path, error.message()));
  }
  if (size > kEntryBytesMax) return fail(ErrorCode::kCorrupt, path + " is too large");
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return fail(ErrorCode::kUnavailable, path + " cannot be read");
  Result<Entry> entry = parse_entry(text.view());
  if (!entry.has_value()) return fail(path, std::move(entry.error()));
  if (entry->key != key) return fail(ErrorCode::kCorrupt, path + " is of another key");
  return entry;
}

Result<std::vector<Entry>> list_entries(const StateLayout& layout) {
  std::vector<Entry> entries;
  std::error_code error;
  fs::directory_iterator at(layout.cache_folder(), error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!is_key(name)) continue;
    Result<Entry> entry = read_entry(layout, name);
    if (entry.has_value()) entries.push_back(std::move(*entry));
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("{}: {}", layout.cache_folder(), error.message()));
  }
  std::ranges::sort(entries, [](const Entry& left, const Entry& right) {
    return left.at != right.at ? left.at > right.at : left.key < right.key;
  });
  return entries;
}

Result<> remove_entry(const StateLayout& layout, const std::string& key) {
  static std::atomic<unsigned> count = 0;
  const fs::path folder(layout.cache_folder());
  const fs::path gone = folder / fmt::format(".old-{}-{}", ::getpid(), ++count);
  std::error_code error;
  fs::rename(folder / key, gone, error);
  if (error == std::errc::no_such_file_or_directory) return {};
  if (!error) fs::remove_all(gone, error);
  if (!error) return {};
  return fail(ErrorCode::kUnavailable,
              fmt::format("{}: {}", (folder / key).string(), error.message()));
}

void remove_leftovers(const StateLayout& layout, Millis now) {
  std::error_code error;
  std::vector<fs::path> old;
  fs::directory_iterator at(layout.cache_folder(), error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    if (!at->path().filename().string().starts_with('.')) continue;
    struct stat status{};
    if (::lstat(at->path().c_str(), &status) != 0) continue;
    if (status.st_ctim.tv_sec * 1000 + kLeftoverAge < now) old.push_back(at->path());
  }
  for (const fs::path& path : old) fs::remove_all(path, error);
}

}  // namespace cordyna::cache
