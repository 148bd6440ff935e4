/// What the administrator lets containers of flows reach on this machine.
///
/// By itself a container sees nothing of the machine but the folder of its flow, where the flow
/// mounts it, and has a network of its own, or none. Never: the Docker socket, the state folder.
/// Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "docker/container_spec.hpp"

namespace cordyna::container {

inline constexpr const char* kMountsVariable = "DYNA_CONTAINER_MOUNTS";
inline constexpr const char* kNetworksVariable = "DYNA_CONTAINER_NETWORKS";

struct Policy {
  std::vector<std::string> mounts;    ///< folders that may be mounted, with what is below them
  std::vector<std::string> networks;  ///< those that may be joined
};

/// `mounts`: absolute folders, parted by ":"; `networks`: names, parted by ","; empty: bridge and
/// none. What is no absolute folder, or is not there, allows nothing.
[[nodiscard]] Policy make_policy(std::string_view mounts, std::string_view networks);

/// What a spec is judged by besides.
struct Premises {
  std::string flow_folder;
  std::string state_folder;
  std::string socket;  ///< of the Docker daemon
};

/// Errors: kDenied, naming the key and what the administrator could set. Hides the state folder
/// where a mount holds it.
[[nodiscard]] Result<> apply_policy(const Policy& policy, const Premises& premises,
                                    docker::ContainerSpec& spec);

}  // namespace cordyna::container
