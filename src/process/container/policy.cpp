#include "process/container/policy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

namespace cordyna::container {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    std::string_view part = text.substr(0, end);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// As it is on the disk; empty: not there.
std::string real_path(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  return error ? std::string() : real.string();
}

bool is_within(std::string_view path, std::string_view folder) {
  if (folder.empty()) return false;
  if (folder == "/") return true;
  return path == folder ||
         (path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/');
}

Result<> check_mount(const Policy& policy, const Premises& premises, const std::string& flow_folder,
                     std::size_t at, const docker::Mount& mount) {
  const auto denied = [&](std::string_view why) {
    return fail(ErrorCode::kDenied, fmt::format("mounts.{}: {} {}", at, mount.source, why));
  };
  if (is_within(mount.source, real_path(premises.state_folder))) {
    return denied("lies in the state folder, which no container may see");
  }
  if (is_within(real_path(premises.socket), mount.source)) {
    return denied("holds the Docker socket, which would give the container the whole machine");
  }
  const bool allowed = is_within(mount.source, flow_folder) ||
                       std::ranges::any_of(policy.mounts, [&](const std::string& folder) {
                         return is_within(mount.source, folder);
                       });
  if (allowed) return {};
  return denied(
      fmt::format("may not be mounted: only the flow's folder may, and what the "
                  "administrator names in {}",
                  kMountsVariable));
}

/// An empty place over the state folder, where a mount holds it.
void hide_state(const std::string& state_folder, docker::ContainerSpec& spec) {
  const std::string state = real_path(state_folder);
  if (state.empty()) return;
  std::vector<std::string> hidden;
  for (const docker::Mount& mount : spec.mounts) {
    if (mount.is_volume || !is_within(state, mount.source)) continue;
    const std::string below = mount.source == "/" ? state : state.substr(mount.source.size());
    hidden.push_back(mount.target + below);
  }
  for (std::string& target : hidden) spec.empty_folders.push_back(std::move(target));
}

}  // namespace

Policy make_policy(std::string_view mounts, std::string_view networks) {
  Policy policy;
  for (const std::string& folder : parts_of(mounts, ':')) {
    std::string real = folder.starts_with('/') ? real_path(folder) : std::string();
    if (!real.empty()) policy.mounts.push_back(std::move(real));
  }
  policy.networks = parts_of(networks, ',');
  if (policy.networks.empty()) policy.networks = {"bridge", "none"};
  return policy;
}

Result<> apply_policy(const Policy& policy, const Premises& premises, docker::ContainerSpec& spec) {
  // "default" is another name of it, and "container:ID" another container's.
  if (std::ranges::find(policy.networks, spec.network) == policy.networks.end()) {
    return fail(ErrorCode::kDenied,
                fmt::format("network: '{}' may not be joined: the administrator allows {}; {} "
                            "names others",
                            spec.network, fmt::join(policy.networks, ", "), kNetworksVariable));
  }
  const std::string flow_folder = real_path(premises.flow_folder);
  for (std::size_t i = 0; i < spec.mounts.size(); ++i) {
    if (spec.mounts[i].is_volume) continue;
    TRY(check_mount(policy, premises, flow_folder, i, spec.mounts[i]));
  }
  hide_state(premises.state_folder, spec);
  return {};
}

}  // namespace cordyna::container
