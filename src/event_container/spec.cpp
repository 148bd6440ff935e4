#include "event_container/spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/base64.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "cordyna/errors.hpp"

namespace cordyna::event_container {
namespace {

constexpr double kCpusMax = 4096;
constexpr long long kStopWaitMax = 3'600;  // seconds

std::unexpected<Error> bad_option(std::string_view option, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", option, what));
}

Result<> check_text(std::string_view option, std::string_view text) {
  if (text.find('\0') == std::string_view::npos) return {};
  return bad_option(option, "it holds a NUL byte, which no program can be handed");
}

Result<> check_words(std::string_view option, const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    TRY(check_text(fmt::format("{}.{}", option, i), words[i]));
  }
  return {};
}

Result<> check_env(const std::map<std::string, std::string>& env) {
  for (const auto& [name, value] : env) {
    if (name.empty() || name.find('=') != std::string::npos) {
      return bad_option("env", fmt::format("'{}' is no name of a variable: one has at least a "
                                           "letter, and no '='",
                                           printable(name)));
    }
    if (name == kEventVariable) {
      return bad_option("env", fmt::format("{} is the event's: choose another name", name));
    }
    TRY(check_text("env", name));
    TRY(check_text("env." + name, value));
  }
  return {};
}

Result<docker::Mount> mount_of(std::size_t at, const ContainerMount& mount) {
  const std::string key = fmt::format("mounts.{}", at);
  if (mount.source.empty()) return bad_option(key, "source is empty");
  TRY(check_text(key, mount.source));
  TRY(check_text(key, mount.target));
  const bool is_path = mount.source.starts_with('/');
  if (!is_path && mount.source.find('/') != std::string::npos) {
    return bad_option(key, fmt::format("source is '{}'; it is an absolute path, as /data, or the "
                                       "name of a volume",
                                       printable(mount.source)));
  }
  auto target = docker::check_mount_target(mount.target);
  if (!target.has_value()) return fail(key, std::move(target.error()));
  return docker::Mount{mount.source, mount.target, mount.read_only, !is_path};
}

Result<> check_limits(const ContainerOptions& options) {
  if (!std::isfinite(options.cpus) || options.cpus < 0 || options.cpus > kCpusMax) {
    return bad_option("cpus",
                      fmt::format("{} is no number of processors: 0.5 and 2 are", options.cpus));
  }
  if (options.timeout.count() < 0) return bad_option("timeout", "it is negative; 0 is none");
  if (options.stop_wait.count() < 0 || options.stop_wait.count() > kStopWaitMax) {
    return bad_option("stop_wait", "it is none of 0 seconds to an hour");
  }
  return {};
}

}  // namespace

Result<docker::ContainerSpec> spec_of(const std::string& id, const ContainerOptions& options) {
  if (options.image.empty()) return fail(container_image_missing(id));
  if (auto image = docker::check_image(options.image); !image.has_value()) {
    return fail("image", std::move(image.error()));
  }
  TRY(check_words("command", options.command));
  TRY(check_words("entrypoint", options.entrypoint));
  TRY(check_env(options.env));
  TRY(check_text("user", options.user));
  TRY(check_text("working_dir", options.working_dir));
  TRY(check_limits(options));
  if (options.network.empty()) {
    return bad_option("network", "it is empty; bridge, none and host are networks");
  }
  docker::ContainerSpec spec;
  spec.image = options.image;
  spec.command = options.command;
  spec.entrypoint = options.entrypoint;
  spec.env.assign(options.env.begin(), options.env.end());
  spec.working_dir = options.working_dir;
  spec.user = options.user;
  spec.network = options.network;
  for (const ContainerMount& mount : options.mounts) {
    TRY_ASSIGN(docker::Mount made, mount_of(spec.mounts.size(), mount));
    spec.mounts.push_back(std::move(made));
  }
  for (const auto& [name, value] : options.labels) {
    if (auto label = docker::check_label(name); !label.has_value()) {
      return fail("labels", std::move(label.error()));
    }
    spec.labels.emplace(name, value);
  }
  spec.labels[kProcessLabel] = id;
  spec.labels[kScopeLabel] = options.scope;
  spec.init = options.init;
  spec.read_only = options.read_only;
  spec.memory_bytes = options.memory_bytes;
  // What is not nothing is not no limit.
  const double millis = std::ceil(options.cpus * 1000);
  spec.cpu_millis = static_cast<std::uint32_t>(millis);
  return spec;
}

bool EventContainer::is(const docker::ContainerState& state) const {
  const auto same_label = [&](const char* label) {
    const auto found = state.labels.find(label);
    return found != state.labels.end() && found->second == spec.labels.at(label);
  };
  const auto& [variable, value] = spec.env.back();
  const std::string event = fmt::format("{}={}", variable, value);
  return same_label(kProcessLabel) && same_label(kScopeLabel) &&
         std::ranges::find(state.env, event) != state.env.end();
}

Result<EventContainer> container_of(const docker::ContainerSpec& spec, const Event& event) {
  const std::string text = to_json(event);
  if (text.size() > kContainerEventMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the event has {} bytes as JSON, and a container gets at most {} by a "
                            "variable: hand over where the data is, not the data",
                            grouped(text.size()), grouped(kContainerEventMax)));
  }
  EventContainer made{{}, spec};
  const std::string& id = spec.labels.at(kProcessLabel);
  // Lengths in front, so that no two of these are the same text.
  const std::string identity = fmt::format("{}:{}{}:{}{}", spec.labels.at(kScopeLabel).size(),
                                           spec.labels.at(kScopeLabel), id.size(), id, text);
  made.name = fmt::format("{}-{:016x}", docker::container_name("cordyna-", id), fnv1a(identity));
  made.spec.labels[kInputLabel] = event.trigger;
  made.spec.labels[kEventLabel] = event.key;
  made.spec.env.emplace_back(kEventVariable, base64(text));
  return made;
}

}  // namespace cordyna::event_container
