// What only a whole task of type `notify` can have wrong.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/words.hpp"
#include "flow/task_reader.hpp"
#include "flow/teams_file.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

/// "the channel"; the names of those there are.
template <class Spec>
std::string missing_text(std::string_view what, const Node& at, const std::vector<Spec>& all,
                         const std::string& file) {
  std::vector<std::string_view> names;
  names.reserve(all.size());
  for (const Spec& one : all) names.push_back(one.name);
  const std::string hint = did_you_mean(at.text, names);
  return fmt::format("there is no {} {} in {}{}", what, quoted(at.text), file,
                     !hint.empty() || names.empty() ? hint : "; there are " + join_or(names));
}

}  // namespace

void TaskReader::check_notify(const TaskDraft& draft) {
  const Node* channels = draft.node->find("channels");
  const Node* team = draft.node->find("team");
  const auto given = [&](std::string_view name) {
    return std::ranges::any_of(draft.params, [&](const auto& one) { return one.first == name; });
  };
  if (given("channels") == given("team")) {
    reporter_.error(channels != nullptr ? *channels : *draft.node,
                    channels != nullptr ? Code::kBadValue : Code::kMissingKey,
                    "a notify task wants 'channels' or 'team': who of teams.yaml is told");
    return;
  }
  const auto teams = load_teams(teams_path(connections_.flow_folder()));
  const Node* at = channels != nullptr ? channels : team;
  if (at == nullptr) return;  // by defaults.yaml: who runs it will see
  if (!teams.has_value()) {
    reporter_.error(*at, Code::kBadValue, teams.error().message);
    return;
  }
  std::vector<const Node*> names{at};
  if (at->kind == NodeKind::kList) {
    names.clear();
    for (const Node* item = at->first; item != nullptr; item = item->next) names.push_back(item);
  }
  for (const Node* name : names) {
    if (!name->is_scalar() || tmpl::has_template(name->text)) continue;
    if (team != nullptr && teams->plan.team(name->text) == nullptr) {
      reporter_.error(*name, Code::kBadValue,
                      missing_text("team", *name, teams->plan.teams, teams->file));
    } else if (team == nullptr && teams->plan.channel(name->text) == nullptr) {
      reporter_.error(*name, Code::kBadValue,
                      missing_text("channel", *name, teams->plan.channels, teams->file));
    }
  }
}

}  // namespace cordyna::flow
