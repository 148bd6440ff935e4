#include "flow/project_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/check.hpp"
#include "base/words.hpp"
#include "flow/places.hpp"
#include "flow/project_folder.hpp"
#include "flow/text_file.hpp"
#include "flow/values.hpp"

namespace cordyna::flow {
namespace {

constexpr std::size_t kProjectBytesMax = std::size_t{1} << 20;
constexpr std::string_view kFileName = "cordyna.yaml";
constexpr std::size_t kPluginsMax = 1000;

const KeySpec& key_of(std::span<const KeySpec> keys, std::string_view name) {
  const KeySpec* spec = find_key(keys, name);
  CHECK(spec != nullptr);
  return *spec;
}

class ProjectReader {
 public:
  explicit ProjectReader(Reporter& reporter) : reporter_(reporter) {}

  void read(const Node& root, Project& into) {
    if (!reader_.is_map(root, kFileName)) return;
    for (const Node* key = root.first; key != nullptr; key = key->next->next) {
      if (find_key(project_keys(), key->text) == nullptr) {
        reader_.unknown_key(*key, project_keys(), {}, {}, "of cordyna.yaml");
      }
    }
    if (const Node* at = root.find("pools"); at != nullptr) read_pools(*at, into);
    if (const Node* at = root.find("places"); at != nullptr) {
      into.places = read_places(*at, reader_, reporter_);
    }
    if (const Node* at = root.find("plugins"); at != nullptr) read_plugins(*at, into);
    std::string json;
    const Node* retention = root.find("retention");
    if (retention != nullptr &&
        reader_.read_object(*retention, retention_keys(), "retention", json)) {
      into.retention = retention_of(*retention);
    }
    const Node* server = root.find("server");
    if (server != nullptr && reader_.read_object(*server, server_keys(), "server", json)) {
      into.server = server_of(*server, into.server_settings);
    }
    for (const TemplateUse& use : uses_.templates) {
      reporter_.error(*use.node, Code::kTemplateNotAllowed, "cordyna.yaml has no templates");
    }
  }

 private:
  void read_pools(const Node& pools, Project& into) {
    const KeySpec& spec = key_of(project_keys(), "pools");
    if (!reader_.is_map(pools, "pools")) return;
    for (const Node* key = pools.first; key != nullptr; key = key->next->next) {
      std::string json;
      const KeySpec id{.kind = ValueKind::kId};
      if (!reader_.read(*key, id, "pools", json)) continue;
      if (!reader_.read(*key->next, *spec.item, key->text, json)) continue;
      into.pools.push_back(read_pool(*key, *key->next, spec.item->fields));
    }
    if (into.pools.size() > kPoolsMax) {
      reporter_.error(
          pools, Code::kBadValue,
          fmt::format("'pools' has {} pools; there are at most {}", into.pools.size(), kPoolsMax));
    }
    std::ranges::sort(into.pools, {}, &PoolSpec::name);
  }

  void read_plugins(const Node& plugins, Project& into) {
    std::string json;
    if (!reader_.read(plugins, key_of(project_keys(), "plugins"), "plugins", json)) return;
    for (const Node* key = plugins.first; key != nullptr; key = key->next->next) {
      const std::size_t slash = key->text.find('/');
      if (slash == std::string_view::npos || !is_id(key->text.substr(0, slash)) ||
          !is_id(key->text.substr(slash + 1))) {
        reporter_.error(*key, Code::kBadId,
                        fmt::format("{} is no type of a plugin; it is a team and a task of it, in "
                                    "small letters, as acme/geocode",
                                    quoted(key->text)));
        continue;
      }
      read_plugin(*key, *key->next, into);
    }
    if (into.plugins.size() > kPluginsMax) {
      reporter_.error(plugins, Code::kBadValue,
                      fmt::format("'plugins' has {} programs; there are at most {}",
                                  into.plugins.size(), kPluginsMax));
    }
    std::ranges::sort(into.plugins, {}, &PluginProgram::type);
  }

  void read_plugin(const Node& type, const Node& program, Project& into) {
    PluginProgram plugin;
    plugin.type = type.text;
    std::error_code error;
    const std::filesystem::path folder =
        std::filesystem::absolute(into.file, error).lexically_normal().parent_path();
    plugin.folder = folder.string();
    const bool list = program.kind == NodeKind::kList;
    if (!list && program.text.find('/') == std::string_view::npos) {
      reporter_.error(program, Code::kBadValue,
                      fmt::format("the program of {} is a path, as ./{}; one that is looked up in "
                                  "PATH stands in a list, as [{}]",
                                  quoted(type.text), program.text, program.text));
      return;
    }
    for (const Node* at = list ? program.first : &program; at != nullptr;
         at = list ? at->next : nullptr) {
      std::string word(at->text);
      const bool path = word.starts_with("./") || word.starts_with("../") ||
                        (!list && word.find('/') != std::string::npos);
      if (path) word = (folder / word).lexically_normal().string();
      plugin.argv.push_back(std::move(word));
    }
    if (plugin.argv.front().empty()) {
      reporter_.error(program, Code::kBadValue,
                      fmt::format("the program of {} has no name", quoted(type.text)));
      return;
    }
    into.plugins.push_back(std::move(plugin));
  }

  PoolSpec read_pool(const Node& name, const Node& value, std::span<const KeySpec> fields) {
    PoolSpec pool;
    pool.name = name.text;
    if (const Node* at = value.find("description"); at != nullptr) pool.description = at->text;
    if (const Node* at = value.find("slots"); at != nullptr) {
      pool.slots = static_cast<std::uint32_t>(
          reader_.integer(*at, key_of(fields, "slots"), "slots").value_or(0));
    }
    if (const Node* at = value.find("rate"); at != nullptr) {
      const auto parts = key_of(fields, "rate").fields;
      pool.rate.count = static_cast<std::uint32_t>(
          reader_.integer(*at->find("count"), key_of(parts, "count"), "count").value_or(0));
      pool.rate.per = reader_.duration(*at->find("per"), key_of(parts, "per"), "per").value_or(0);
    }
    if (pool.slots == 0 && pool.rate.count == 0) {
      reporter_.error(name, Code::kMissingKey,
                      fmt::format("pool {} has neither 'slots' nor 'rate'; it wants one of them",
                                  quoted(name.text)));
    }
    return pool;
  }

  Reporter& reporter_;
  Uses uses_;
  ValueReader reader_{reporter_, uses_};
};

Project read_file(const std::string& path, const std::string& text, Reporter& reporter) {
  Project project;
  project.file = path;
  if (is_blank(text)) return project;
  Reporter own(reporter.findings(), path, text);
  YamlTree tree;
  const Node* root = tree.load(text, own);
  if (root != nullptr) ProjectReader(own).read(*root, project);
  return project;
}

Result<Project> checked(Project project, Findings& findings) {
  if (!findings.has_error()) return project;
  std::string all;
  for (const Diagnostic& found : findings.take(std::string(kFileName))) {
    all += (all.empty() ? "" : "\n") + format(found);
  }
  return fail(ErrorCode::kInvalidArgument, std::move(all));
}

}  // namespace

Project read_project(const std::string& folder, Reporter& reporter) {
  const std::string path = fmt::format("{}/{}", project_folder(folder), kFileName);
  const auto text = read_text_file(path, kProjectBytesMax);
  if (text.has_value()) return read_file(path, *text, reporter);
  if (text.error().code != ErrorCode::kNotFound) {
    reporter.error(Mark{1, 1}, Code::kProjectFile,
                   fmt::format("the project's file: {}", text.error().message));
  }
  return {};
}

Result<Project> load_project(const std::string& folder) {
  Findings findings;
  Reporter reporter(findings, std::string(kFileName), {});
  Project project = read_project(folder, reporter);
  return checked(std::move(project), findings);
}

Result<Project> load_project_file(const std::string& path) {
  TRY_ASSIGN(const std::string text, read_text_file(path, kProjectBytesMax));
  Findings findings;
  Reporter reporter(findings, path, {});
  Project project = read_file(path, text, reporter);
  return checked(std::move(project), findings);
}

void check_pool(const Node& name, const Project& project, Reporter& reporter) {
  if (!name.is_scalar() || !is_id(name.text)) return;  // reported as no name
  if (std::ranges::find(project.pools, name.text, &PoolSpec::name) != project.pools.end()) return;
  std::vector<std::string_view> names;
  names.reserve(project.pools.size());
  for (const PoolSpec& pool : project.pools) names.emplace_back(pool.name);
  std::string hint = did_you_mean(name.text, names);
  if (hint.empty() && !names.empty()) hint = "; it declares " + join_or(names);
  if (hint.empty()) {
    hint = fmt::format("; declare it there: pools: {{{}: {{slots: 4}}}}",
                       is_id(name.text) ? name.text : "warehouse");
  }
  reporter.error(
      name, Code::kUnknownPool,
      fmt::format("the project's cordyna.yaml declares no pool {}{}", quoted(name.text), hint));
}

}  // namespace cordyna::flow
