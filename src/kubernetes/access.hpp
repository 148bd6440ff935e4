/// How a cluster is reached: its address, whom TLS trusts there, and who we are to it.
///
/// Read as kubectl does: of $KUBECONFIG (one file, or several parted by ":"; of what two of them
/// name, the first one's counts), else, in a pod, of its service account, else of ~/.kube/config.
/// Threads: any.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace cordyna::kubernetes {

/// The value of an environment variable; "" where it is not set.
using Variable = std::function<std::string(const char* name)>;

/// A program that says who we are: an exec credential plugin.
struct ExecPlugin {
  std::string api_version;  ///< client.authentication.k8s.io/v1 or /v1beta1
  std::string command;      ///< absolute where it was given with a "/", else looked up in PATH
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string hint;           ///< of its maker, on where to get it; may be empty
  bool told_cluster = false;  ///< it is told which cluster asks
};

/// Who we are, in the order in which it counts: a token, its file, the program. A certificate goes
/// along with any of them.
struct Identity {
  std::string token;
  std::string token_file;   ///< absolute; read anew, for such tokens are replaced
  std::string certificate;  ///< PEM; empty: none
  std::string key;          ///< PEM
  std::optional<ExecPlugin> plugin;
};

struct Access {
  std::string context;  ///< its name, for people: "in-cluster" in a pod
  std::string
      server;      ///< "https://host:6443", with a path where there is one, without "/" at its end
  std::string ca;  ///< PEM; empty: the system's CAs
  std::string server_name;  ///< that the certificate must be of; empty: the address's host
  std::string ns;           ///< the namespace of the context: "default" where it names none
  Identity identity;
};

/// `context`: empty for the current one. Errors: kNotFound: there is no configuration, or no such
/// context, cluster or user in it; kInvalidArgument: it cannot be read, or wants what is not
/// supported: each names the file and the place.
[[nodiscard]] Result<Access> find_access(const std::string& context, const Variable& variable);

/// The same of texts of kubeconfigs, each with its path, which relative paths begin from.
struct ConfigText {
  std::string path;
  std::string text;
};
[[nodiscard]] Result<Access> parse_access(const std::vector<ConfigText>& files,
                                          const std::string& context);

}  // namespace cordyna::kubernetes
