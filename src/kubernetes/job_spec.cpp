#include "kubernetes/job_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/base64.hpp"
#include "base/hash.hpp"
#include "kubernetes/json_field.hpp"

namespace cordyna::kubernetes {
namespace {

namespace json = boost::json;

constexpr std::size_t kNameMax =
    52;  // a pod's name adds a dash and five letters; both fit into a label
constexpr const char* kMasksKey = "dyna.masks";  // no name of a variable has a dot in it here

/// Kubernetes puts variables into "$(NAME)"; "$$" stands for a dollar.
std::string literal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    out += c;
    if (c == '$') out += c;
  }
  return out;
}

json::array literals(const std::vector<std::string>& words) {
  json::array out;
  out.reserve(words.size());
  for (const std::string& word : words) out.emplace_back(literal(word));
  return out;
}

json::object object_of(const Texts& texts) {
  json::object out;
  for (const auto& [name, value] : texts) out[name] = value;
  return out;
}

json::object quantities(const Amounts& amounts) {
  json::object out;
  if (amounts.cpu_millis > 0) out["cpu"] = fmt::format("{}m", amounts.cpu_millis);
  if (amounts.memory_bytes > 0) out["memory"] = std::to_string(amounts.memory_bytes);
  if (amounts.disk_bytes > 0) out["ephemeral-storage"] = std::to_string(amounts.disk_bytes);
  return out;
}

json::array env_of(const JobSpec& spec) {
  json::array out;
  for (const EnvVar& one : spec.env) {
    json::object variable{{"name", one.name}};
    if (one.secret) {
      variable["valueFrom"] =
          json::object{{"secretKeyRef", json::object{{"name", spec.name}, {"key", one.name}}}};
    } else {
      variable["value"] = literal(one.value);
    }
    out.push_back(std::move(variable));
  }
  return out;
}

json::object container_of(const JobSpec& spec) {
  json::object container{{"name", kContainer},
                         {"image", spec.image},
                         {"env", env_of(spec)},
                         {"terminationMessagePath", kMessagePath},
                         // Of one that fails without a word there, the end of its output.
                         {"terminationMessagePolicy", "FallbackToLogsOnError"},
                         {"securityContext", json::object{{"allowPrivilegeEscalation", false}}}};
  if (!spec.entrypoint.empty()) container["command"] = literals(spec.entrypoint);
  if (!spec.command.empty()) container["args"] = literals(spec.command);
  if (!spec.working_dir.empty()) container["workingDir"] = spec.working_dir;
  if (!spec.pull.empty()) container["imagePullPolicy"] = spec.pull;
  json::object resources;
  if (json::object limits = quantities(spec.limits); !limits.empty()) {
    resources["limits"] = std::move(limits);
  }
  if (json::object requests = quantities(spec.requests); !requests.empty()) {
    resources["requests"] = std::move(requests);
  }
  if (!resources.empty()) container["resources"] = std::move(resources);
  return container;
}

json::object pod_of(const JobSpec& spec) {
  json::object pod{{"restartPolicy", "Never"},
                   {"containers", json::array{container_of(spec)}},
                   {"terminationGracePeriodSeconds", spec.grace_seconds},
                   {"enableServiceLinks", false},
                   {"automountServiceAccountToken", !spec.service_account.empty()}};
  if (!spec.service_account.empty()) pod["serviceAccountName"] = spec.service_account;
  if (!spec.node_selector.empty()) pod["nodeSelector"] = object_of(spec.node_selector);
  if (!spec.pull_secrets.empty()) {
    json::array secrets;
    for (const std::string& name : spec.pull_secrets)
      secrets.push_back(json::object{{"name", name}});
    pod["imagePullSecrets"] = std::move(secrets);
  }
  return pod;
}

json::object metadata_of(const JobSpec& spec) {
  Texts labels = spec.labels;
  labels[kOwnerLabel] = spec.owner;
  Texts notes = spec.annotations;
  notes[kAttemptNote] = spec.attempt;
  return {{"labels", object_of(labels)}, {"annotations", object_of(notes)}};
}

}  // namespace

std::string job_name(std::string_view prefix, std::string_view text) {
  const std::string mark = fmt::format("-{:016x}", fnv1a(text));
  std::string name(prefix);
  for (const char c : text) {
    if (name.size() + mark.size() >= kNameMax) break;
    const bool stays = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const char next = stays ? c : (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : '-';
    if (next != '-' || !name.ends_with('-')) name += next;
  }
  while (name.ends_with('-')) name.pop_back();
  return name + mark;
}

std::string job_json(const JobSpec& spec) {
  json::object metadata = metadata_of(spec);
  json::object job{{"backoffLimit", 0},
                   {"completions", 1},
                   {"parallelism", 1},
                   // Another pod takes a place only when the one before is known to have ended.
                   {"podReplacementPolicy", "Failed"},
                   {"suspend", true},
                   {"ttlSecondsAfterFinished", (spec.ttl + 999) / 1000},
                   {"template", json::object{{"metadata", metadata}, {"spec", pod_of(spec)}}}};
  if (spec.deadline > 0) job["activeDeadlineSeconds"] = (spec.deadline + 999) / 1000;
  metadata["name"] = spec.name;
  return json::serialize(json::object{{"apiVersion", "batch/v1"},
                                      {"kind", "Job"},
                                      {"metadata", std::move(metadata)},
                                      {"spec", std::move(job)}});
}

std::string release_json(const std::string& uid) {
  return json::serialize(json::object{{"metadata", json::object{{"uid", uid}}},
                                      {"spec", json::object{{"suspend", false}}}});
}

bool has_secret(const JobSpec& spec) {
  return std::ranges::any_of(spec.env, &EnvVar::secret);
}

std::string secret_json(const JobSpec& spec, const std::string& job_uid,
                        const std::vector<std::string>& masks) {
  json::object data;
  for (const EnvVar& one : spec.env) {
    if (one.secret) data[one.name] = base64(one.value);
  }
  json::array hidden;
  hidden.reserve(masks.size());
  for (const std::string& mask : masks) hidden.emplace_back(base64(mask));
  data[kMasksKey] = base64(json::serialize(hidden));
  json::object owner{{"apiVersion", "batch/v1"},
                     {"kind", "Job"},
                     {"name", spec.name},
                     {"uid", job_uid},
                     {"blockOwnerDeletion", false}};
  json::object metadata = metadata_of(spec);
  metadata["name"] = spec.name;
  metadata["ownerReferences"] = json::array{std::move(owner)};
  return json::serialize(json::object{{"apiVersion", "v1"},
                                      {"kind", "Secret"},
                                      {"type", "Opaque"},
                                      {"immutable", true},
                                      {"metadata", std::move(metadata)},
                                      {"data", std::move(data)}});
}

std::vector<std::string> masks_of(std::string_view secret_json) {
  std::vector<std::string> out;
  boost::system::error_code problem;
  const json::value secret = json::parse({secret_json.data(), secret_json.size()}, problem);
  if (problem.failed()) return out;
  const std::string kept = from_base64(text_at(secret, {"data", kMasksKey})).value_or("");
  const json::value list = json::parse(kept, problem);
  if (!problem.failed() && list.is_array()) {
    for (const json::value& one : list.get_array()) {
      if (!one.is_string()) continue;
      auto mask = from_base64(std::string_view(one.get_string()));
      if (mask.has_value()) out.push_back(*std::move(mask));
    }
    return out;
  }
  const json::value* data = value_at(secret, {"data"});
  if (data == nullptr || !data->is_object()) return out;
  for (const auto& item : data->get_object()) {
    if (!item.value().is_string()) continue;
    auto value = from_base64(std::string_view(item.value().get_string()));
    if (value.has_value() && !value->empty()) out.push_back(*std::move(value));
  }
  return out;
}

}  // namespace cordyna::kubernetes
