#include "process/container/container_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <utility>

namespace cordyna::container {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

std::unexpected<Error> wrong(std::string_view key, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", key, what));
}

const json::value* find(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value == nullptr || value->is_null() ? nullptr : value;
}

/// A template that is all of a text keeps its type, so a number stands for its own text.
Result<std::string> text_of(std::string_view key, const json::value& value) {
  std::string text;
  if (value.is_string()) {
    text = std::string(value.get_string());
  } else if (value.is_number() || value.is_bool()) {
    text = json::serialize(value);
  } else {
    return wrong(key, "a text is wanted here");
  }
  if (text.find('\0') != std::string::npos) return wrong(key, "it holds a NUL byte");
  return text;
}

Result<> read_text(const json::object& object, std::string_view key, std::string& into) {
  const json::value* value = find(object, key);
  if (value == nullptr) return {};
  TRY_ASSIGN(into, text_of(key, *value));
  return {};
}

Result<> read_bool(const json::object& object, std::string_view key, bool& into) {
  const json::value* value = find(object, key);
  if (value == nullptr) return {};
  if (!value->is_bool()) return wrong(key, "true or false is wanted here");
  into = value->get_bool();
  return {};
}

Result<> read_words(const json::object& object, std::string_view key,
                    std::vector<std::string>& into) {
  const json::value* value = find(object, key);
  if (value == nullptr) return {};
  if (!value->is_array()) {
    TRY_ASSIGN(std::string word, text_of(key, *value));
    into.push_back(std::move(word));
    return {};
  }
  for (const json::value& item : value->get_array()) {
    TRY_ASSIGN(std::string word, text_of(fmt::format("{}.{}", key, into.size()), item));
    into.push_back(std::move(word));
  }
  return {};
}

/// A folder or file begins with "/" or "."; all else is a volume's name.
Result<docker::Mount> read_mount(const json::value& value, const std::string& key,
                                 const std::string& folder) {
  if (!value.is_object()) return wrong(key, "source and target are wanted here");
  const json::object& object = value.get_object();
  docker::Mount mount;
  TRY(read_text(object, "source", mount.source));
  TRY(read_text(object, "target", mount.target));
  TRY(read_bool(object, "read_only", mount.read_only));
  if (mount.source.empty()) return wrong(key, "source is empty");
  if (auto target = docker::check_mount_target(mount.target); !target.has_value()) {
    return fail(key, std::move(target.error()));
  }
  const char first = mount.source.front();
  mount.is_volume = first != '/' && first != '.';
  if (mount.is_volume) return mount;
  std::error_code error;
  const fs::path real = fs::canonical(fs::path(folder) / mount.source, error);
  if (error) {
    return wrong(key, fmt::format("source {}: {}", mount.source, error.message()));
  }
  mount.source = real.string();
  return mount;
}

Result<> read_labels(const json::object& object, std::map<std::string, std::string>& into) {
  const json::value* labels = find(object, "container_labels");
  if (labels == nullptr) return {};
  if (!labels->is_object()) return wrong("container_labels", "names with texts are wanted here");
  for (const auto& item : labels->get_object()) {
    const std::string name(item.key());
    if (auto allowed = docker::check_label(name); !allowed.has_value()) {
      return fail("container_labels", std::move(allowed.error()));
    }
    TRY_ASSIGN(into[name], text_of("container_labels." + name, item.value()));
  }
  return {};
}

}  // namespace

Result<ContainerTask> parse_task(std::string_view params, const std::string& folder) {
  boost::system::error_code problem;
  const json::value value = json::parse({params.data(), params.size()}, problem);
  if (problem.failed() || !value.is_object()) {
    return fail(ErrorCode::kInvalidArgument, "the keys of the task are not a JSON object");
  }
  const json::object& object = value.get_object();
  ContainerTask task;
  docker::ContainerSpec& spec = task.spec;
  TRY(read_text(object, "image", spec.image));
  if (auto named = docker::check_image(spec.image); !named.has_value()) {
    return fail("image", std::move(named.error()));
  }
  std::string pull = "missing";
  TRY(read_text(object, "pull", pull));
  TRY_ASSIGN(task.pull, docker::parse_pull(pull));
  TRY(read_words(object, "command", spec.command));
  TRY(read_words(object, "entrypoint", spec.entrypoint));
  TRY(read_text(object, "working_dir", spec.working_dir));
  TRY(read_text(object, "user", spec.user));
  spec.network = "bridge";
  TRY(read_text(object, "network", spec.network));
  TRY(read_bool(object, "tty", spec.tty));
  TRY(read_bool(object, "init", spec.init));
  TRY(read_bool(object, "read_only", spec.read_only));
  TRY(read_labels(object, spec.labels));
  if (const json::value* mounts = find(object, "mounts"); mounts != nullptr) {
    if (!mounts->is_array()) return wrong("mounts", "a list is wanted here");
    for (const json::value& item : mounts->get_array()) {
      const std::string key = fmt::format("mounts.{}", spec.mounts.size());
      TRY_ASSIGN(docker::Mount mount, read_mount(item, key, folder));
      spec.mounts.push_back(std::move(mount));
    }
  }
  return task;
}

}  // namespace cordyna::container
