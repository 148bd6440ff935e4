#include "kubernetes/access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "flow/yaml_tree.hpp"
#include "http/url.hpp"

namespace cordyna::kubernetes {
namespace {

namespace fs = std::filesystem;
using flow::Node;

constexpr const char* kPodFolder = "/var/run/secrets/kubernetes.io/serviceaccount";
constexpr std::uintmax_t kConfigBytesMax = std::uintmax_t{8} << 20;

Result<std::string> read_file(const std::string& path) {
  std::error_code problem;
  const std::uintmax_t size = fs::file_size(path, problem);
  std::ifstream file(path, std::ios::binary);
  if (problem || !file) {
    return fail(ErrorCode::kNotFound,
                fmt::format("{} cannot be read: {}", path,
                            problem ? problem.message() : std::strerror(errno)));
  }
  if (size > kConfigBytesMax) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("{} is larger than 8 MiB", path));
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string text_of(const Node* node, std::string_view key) {
  const Node* value = node == nullptr ? nullptr : node->find(key);
  const bool is_text =
      value != nullptr && value->is_scalar() && value->kind != flow::NodeKind::kNull;
  return is_text ? std::string(value->text) : std::string();
}

bool is_true(const Node* node, std::string_view key) {
  return text_of(node, key) == "true";
}

/// One file, as a tree.
struct Config {
  std::string path;
  std::unique_ptr<flow::YamlTree> tree;
  const Node* root = nullptr;
};

/// What was found under a name, and in which file.
struct Entry {
  const Node* value = nullptr;
  const Config* config = nullptr;

  [[nodiscard]] std::string place() const {
    return fmt::format("{}:{}", config->path, value->mark.line);
  }
};

Result<Config> load(const ConfigText& file) {
  Config config{file.path, std::make_unique<flow::YamlTree>(), nullptr};
  flow::Findings findings;
  flow::Reporter reporter(findings, file.path, file.text);
  config.root = config.tree->load(file.text, reporter);
  if (config.root != nullptr && config.root->kind == flow::NodeKind::kMap) return config;
  std::string why = "it is no kubeconfig";
  for (const flow::Diagnostic& found : findings.take(file.path)) {
    why = fmt::format("line {}: {}", found.line, found.message);
    break;
  }
  return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", file.path, why));
}

/// Of the list `section` the one named so: its `inner`.
Result<Entry> find_named(const std::vector<Config>& configs, std::string_view section,
                         std::string_view inner, const std::string& name) {
  for (const Config& config : configs) {
    const Node* list = config.root->find(section);
    if (list == nullptr || list->kind != flow::NodeKind::kList) continue;
    for (const Node* item = list->first; item != nullptr; item = item->next) {
      if (text_of(item, "name") != name) continue;
      const Node* value = item->find(inner);
      if (value != nullptr) return Entry{value, &config};
    }
  }
  std::string files;
  for (const Config& config : configs) files += (files.empty() ? "" : ", ") + config.path;
  return fail(ErrorCode::kNotFound,
              fmt::format("{} has no {} with the name '{}'", files, inner, printable(name)));
}

std::unexpected<Error> wrong(const Entry& entry, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", entry.place(), what));
}

std::string absolute(const Entry& entry, const std::string& path) {
  return (fs::path(entry.config->path).parent_path() / path).lexically_normal().string();
}

/// Of KEY-data, which is base64, or of the file that KEY names.
Result<std::string> pem_of(const Entry& entry, const std::string& key) {
  std::string data = text_of(entry.value, key + "-data");
  std::erase_if(data, [](char c) { return c == '\n' || c == ' '; });
  if (!data.empty()) {
    std::optional<std::string> pem = from_base64(data);
    if (!pem.has_value()) return wrong(entry, key + "-data is no base64");
    return *std::move(pem);
  }
  const std::string path = text_of(entry.value, key);
  if (path.empty()) return std::string();
  auto text = read_file(absolute(entry, path));
  if (!text.has_value()) return wrong(entry, fmt::format("{}: {}", key, text.error().message));
  return *std::move(text);
}

Result<> read_cluster(const Entry& entry, Access& access) {
  access.server = text_of(entry.value, "server");
  while (access.server.ends_with('/')) access.server.pop_back();
  const Result<http::Url> url = http::parse_url(access.server);
  if (!url.has_value()) return wrong(entry, "server: " + url.error().message);
  if (is_true(entry.value, "insecure-skip-tls-verify")) {
    return wrong(entry,
                 "insecure-skip-tls-verify is not supported: who is not looked at may be anybody; "
                 "give the cluster's CA in certificate-authority-data");
  }
  if (!text_of(entry.value, "proxy-url").empty()) {
    return wrong(entry, "proxy-url is not supported; set https_proxy in the environment");
  }
  access.server_name = text_of(entry.value, "tls-server-name");
  TRY_ASSIGN(access.ca, pem_of(entry, "certificate-authority"));
  return {};
}

Result<ExecPlugin> read_plugin(const Entry& user, const Node& exec) {
  ExecPlugin plugin;
  plugin.api_version = text_of(&exec, "apiVersion");
  if (plugin.api_version != "client.authentication.k8s.io/v1" &&
      plugin.api_version != "client.authentication.k8s.io/v1beta1") {
    return wrong(user, fmt::format("exec: apiVersion '{}' is not supported; v1 and v1beta1 of "
                                   "client.authentication.k8s.io are",
                                   printable(plugin.api_version)));
  }
  plugin.command = text_of(&exec, "command");
  if (plugin.command.empty()) return wrong(user, "exec: it names no command");
  if (plugin.command.find('/') != std::string::npos)
    plugin.command = absolute(user, plugin.command);
  plugin.hint = text_of(&exec, "installHint");
  plugin.told_cluster = is_true(&exec, "provideClusterInfo");
  if (const Node* args = exec.find("args"); args != nullptr) {
    for (const Node* arg = args->first; arg != nullptr; arg = arg->next) {
      plugin.args.emplace_back(arg->text);
    }
  }
  if (const Node* env = exec.find("env"); env != nullptr) {
    for (const Node* one = env->first; one != nullptr; one = one->next) {
      plugin.env.emplace_back(text_of(one, "name"), text_of(one, "value"));
    }
  }
  return plugin;
}

Result<> read_user(const Entry& entry, Identity& identity) {
  if (entry.value->find("auth-provider") != nullptr) {
    return wrong(entry, "auth-provider is not supported; its successor is exec");
  }
  if (!text_of(entry.value, "username").empty()) {
    return wrong(entry, "username and password are not supported, and by no cluster since 1.19");
  }
  if (!text_of(entry.value, "as").empty()) {
    return wrong(entry, "impersonation ('as') is not supported");
  }
  identity.token = text_of(entry.value, "token");
  if (const std::string path = text_of(entry.value, "tokenFile"); !path.empty()) {
    identity.token_file = absolute(entry, path);
  }
  TRY_ASSIGN(identity.certificate, pem_of(entry, "client-certificate"));
  TRY_ASSIGN(identity.key, pem_of(entry, "client-key"));
  if (identity.certificate.empty() != identity.key.empty()) {
    return wrong(entry, "client-certificate and client-key go together, and one is missing");
  }
  if (const Node* exec = entry.value->find("exec"); exec != nullptr) {
    TRY_ASSIGN(identity.plugin, read_plugin(entry, *exec));
  }
  return {};
}

/// A pod's own service account.
Result<Access> access_of_pod(const std::string& host, const std::string& port) {
  const std::string folder = kPodFolder;
  Access access;
  access.context = "in-cluster";
  access.server =
      fmt::format("https://{}:{}", host.find(':') == std::string::npos ? host : "[" + host + "]",
                  port.empty() ? "443" : port);
  access.identity.token_file = folder + "/token";
  TRY_ASSIGN(access.ca, read_file(folder + "/ca.crt"));
  access.ns = read_file(folder + "/namespace").value_or("default");
  return access;
}

}  // namespace

Result<Access> parse_access(const std::vector<ConfigText>& files, const std::string& context) {
  std::vector<Config> configs;
  configs.reserve(files.size());
  Access access;
  access.context = context;
  for (const ConfigText& file : files) {
    TRY_ASSIGN(Config config, load(file));
    if (access.context.empty()) access.context = text_of(config.root, "current-context");
    configs.push_back(std::move(config));
  }
  if (access.context.empty()) {
    return fail(
        ErrorCode::kNotFound,
        fmt::format("{} has no current-context; name one with `context`", files.front().path));
  }
  TRY_ASSIGN(const Entry chosen, find_named(configs, "contexts", "context", access.context));
  access.ns = text_of(chosen.value, "namespace");
  if (access.ns.empty()) access.ns = "default";
  TRY_ASSIGN(const Entry cluster,
             find_named(configs, "clusters", "cluster", text_of(chosen.value, "cluster")));
  TRY(read_cluster(cluster, access));
  const std::string user = text_of(chosen.value, "user");
  if (user.empty()) return access;
  TRY_ASSIGN(const Entry who, find_named(configs, "users", "user", user));
  TRY(read_user(who, access.identity));
  return access;
}

Result<Access> find_access(const std::string& context, const Variable& variable) {
  const std::string host = variable("KUBERNETES_SERVICE_HOST");
  std::string paths = variable("KUBECONFIG");
  std::error_code ignored;
  const bool in_pod = !host.empty() && fs::exists(fmt::format("{}/token", kPodFolder), ignored);
  if (paths.empty() && in_pod) {
    if (context.empty() || context == "in-cluster") {
      return access_of_pod(host, variable("KUBERNETES_SERVICE_PORT"));
    }
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no context '{}': this is a pod without KUBECONFIG",
                            printable(context)));
  }
  if (paths.empty()) paths = variable("HOME") + "/.kube/config";
  std::vector<ConfigText> files;
  std::string missing;
  for (std::size_t at = 0; at <= paths.size();) {
    const std::size_t end = std::min(paths.find(':', at), paths.size());
    const std::string path = paths.substr(at, end - at);
    at = end + 1;
    if (path.empty()) continue;
    auto text = read_file(path);
    if (text.has_value()) {
      files.push_back({fs::absolute(path).string(), *std::move(text)});
    } else if (text.error().code != ErrorCode::kNotFound) {
      return fail(std::move(text.error()));
    } else {
      missing = text.error().message;
    }
  }
  if (!files.empty()) return parse_access(files, context);
  return fail(ErrorCode::kNotFound,
              fmt::format("no cluster is known: {}; KUBECONFIG names the file that says how one is "
                          "reached",
                          missing));
}

}  // namespace cordyna::kubernetes
