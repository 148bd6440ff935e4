#include "docker/container_spec.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace cordyna::docker {
namespace {

namespace json = boost::json;

// More than a task's log keeps, so that what was told once can be found again.
constexpr const char* kLogFileBytes = "100m";

json::array array_of(const std::vector<std::string>& words) {
  json::array out;
  for (const std::string& word : words) out.emplace_back(word);
  return out;
}

json::array mounts_of(const ContainerSpec& spec) {
  json::array mounts;
  for (const Mount& mount : spec.mounts) {
    mounts.push_back(json::object{{"Type", mount.is_volume ? "volume" : "bind"},
                                  {"Source", mount.source},
                                  {"Target", mount.target},
                                  {"ReadOnly", mount.read_only}});
  }
  for (const std::string& target : spec.empty_folders) {
    mounts.push_back(json::object{{"Type", "tmpfs"}, {"Target", target}, {"ReadOnly", true}});
  }
  return mounts;
}

json::array ulimits_of(const ContainerSpec& spec) {
  json::array limits;
  const auto add = [&limits](const char* name, std::uint64_t value) {
    if (value == 0) return;
    limits.push_back(json::object{{"Name", name}, {"Soft", value}, {"Hard", value}});
  };
  add("fsize", spec.file_bytes);
  add("cpu", spec.cpu_seconds);
  limits.push_back(json::object{{"Name", "core"}, {"Soft", 0}, {"Hard", 0}});
  return limits;
}

json::object host_config(const ContainerSpec& spec) {
  json::object host{
      {"NetworkMode", spec.network},
      {"Mounts", mounts_of(spec)},
      {"SecurityOpt", json::array{"no-new-privileges:true"}},
      {"Ulimits", ulimits_of(spec)},
      {"ReadonlyRootfs", spec.read_only},
      {"LogConfig",
       {{"Type", "json-file"}, {"Config", {{"max-size", kLogFileBytes}, {"max-file", "2"}}}}},
      {"RestartPolicy", {{"Name", "no"}}},
  };
  if (spec.init) host["Init"] = true;
  if (spec.memory_bytes > 0) {
    host["Memory"] = spec.memory_bytes;
    host["MemorySwap"] = spec.memory_bytes;
  }
  if (spec.cpu_millis > 0) host["NanoCpus"] = std::uint64_t{spec.cpu_millis} * 1'000'000;
  return host;
}

}  // namespace

Result<> check_image(std::string_view image) {
  if (image.empty()) {
    return fail(ErrorCode::kInvalidArgument, "it is empty; write the image to run, as alpine:3.20");
  }
  if (image.find_first_of(" \t\n") == std::string_view::npos) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("'{}' is no name of an image: it holds a blank", image));
}

Result<> check_mount_target(std::string_view target) {
  if (target.starts_with('/') && target != "/") return {};
  return fail(
      ErrorCode::kInvalidArgument,
      fmt::format("target is '{}'; it is an absolute path within the container, as /data", target));
}

Result<> check_label(std::string_view name) {
  if (!name.starts_with("io.cordyna.")) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("'{}': names with io.cordyna. are ours", name));
}

std::string to_json(const ContainerSpec& spec) {
  json::array env;
  for (const auto& [name, value] : spec.env) env.emplace_back(name + "=" + value);
  json::object labels;
  for (const auto& [name, value] : spec.labels) labels[name] = value;
  json::object body{{"Image", spec.image},
                    {"Env", std::move(env)},
                    {"Labels", std::move(labels)},
                    {"Tty", spec.tty},
                    {"HostConfig", host_config(spec)}};
  if (!spec.command.empty()) body["Cmd"] = array_of(spec.command);
  if (!spec.entrypoint.empty()) body["Entrypoint"] = array_of(spec.entrypoint);
  if (!spec.working_dir.empty()) body["WorkingDir"] = spec.working_dir;
  if (!spec.user.empty()) body["User"] = spec.user;
  return json::serialize(body);
}

}  // namespace cordyna::docker
