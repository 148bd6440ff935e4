#include "cli/impact_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/json_text.hpp"
#include "base/text.hpp"

namespace cordyna::cli {
namespace {

using mesh::Break;
using mesh::Edge;
using mesh::Impact;

/// What leads to one flow from another, however many ways there are.
struct Step {
  std::string to;
  std::string over;  ///< "warehouse/gold.orders"; empty: the flow itself
  std::vector<std::string> parts;
  std::set<std::string> owners;
};

/// By the flow that they lead from.
std::map<std::string, std::vector<Step>> steps_of(const Impact& impact) {
  std::map<std::string, std::vector<Step>> all;
  for (const Edge& edge : impact.behind.edges) {
    std::vector<Step>& steps = all[edge.from];
    auto step = std::ranges::find_if(
        steps, [&edge](const Step& one) { return one.to == edge.to && one.over == edge.data; });
    if (step == steps.end()) step = steps.insert(steps.end(), Step{edge.to, edge.data, {}, {}});
    if (std::ranges::find(step->parts, edge.part) == step->parts.end()) {
      step->parts.push_back(edge.part);
    }
    step->owners.insert(edge.owner);
  }
  return all;
}

class Tree {
 public:
  Tree(const Impact& impact, const Palette& palette) : steps_(steps_of(impact)), palette_(palette) {
    for (const Break& one : impact.breaks) broken_.insert(one.flow);
  }

  std::string of(const std::string& flow) {
    out_.clear();
    seen_ = {flow};
    below(flow, "");
    return out_;
  }

 private:
  void below(const std::string& flow, const std::string& front) {  // NOLINT(misc-no-recursion)
    const std::vector<Step>& steps = steps_[flow];
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const Step& step = steps[i];
      const bool last = i + 1 == steps.size();
      const bool again = !seen_.insert(step.to).second;
      const std::string name = printable(step.to);
      out_ += fmt::format("{}{} {}{}  {}  owner {}{}\n", front, last ? "└─" : "├─",
                          step.over.empty() ? "" : printable(step.over) + " → ",
                          broken_.contains(step.to) ? palette_.paint(Colour::kRed, name) : name,
                          printable(fmt::format("{}", fmt::join(step.parts, ", "))),
                          printable(fmt::format("{}", fmt::join(step.owners, ", "))),
                          again ? "  (see above)" : "");
      if (!again) below(step.to, front + (last ? "   " : "│  "));
    }
  }

  std::map<std::string, std::vector<Step>> steps_;
  const Palette& palette_;
  std::set<std::string> broken_;
  std::set<std::string> seen_;
  std::string out_;
};

std::string contacts_of(const FlowNetwork& network, const std::string& flow) {
  const mesh::Node* const node = network.before.find(flow);
  return node == nullptr ? std::string() : node->contacts;
}

/// As a name in Mermaid, where most signs mean something.
std::string quoted(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '"') {
      out += "#quot;";
    } else {
      out += c;
    }
  }
  return "\"" + out + "\"";
}

std::string diagram(const Impact& impact) {
  std::map<std::string, std::string> names;
  const auto name_of = [&names](const std::string& flow) {
    return names.try_emplace(flow, fmt::format("f{}", names.size())).first->second;
  };
  std::set<std::string> broken;
  for (const Break& one : impact.breaks) broken.insert(one.flow);
  std::string lines;
  std::set<std::string> drawn;
  for (const Edge& edge : impact.behind.edges) {
    std::string line = fmt::format("  {}[{}] -->{} {}[{}]\n", name_of(edge.from), quoted(edge.from),
                                   edge.data.empty() ? "" : "|" + quoted(edge.data) + "|",
                                   name_of(edge.to), quoted(edge.to));
    if (drawn.insert(line).second) lines += line;
  }
  for (const auto& [flow, name] : names) {
    if (broken.contains(flow))
      lines += fmt::format("  style {} stroke:#c0392b,stroke-width:3px\n", name);
  }
  return lines.empty() ? lines : "```mermaid\nflowchart LR\n" + lines + "```\n";
}

/// Of a table in Markdown.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

const mesh::Change* change_of(const FlowNetwork& network, const std::string& flow) {
  const auto found = std::ranges::find(network.changes, flow, &mesh::Change::name);
  return found == network.changes.end() ? nullptr : &*found;
}

std::string counted_changes(const Impact& impact) {
  return fmt::format("{}, {} behind {}, {}", counted(impact.changed.size(), "changed flow"),
                     counted(impact.behind.flows.size(), "flow"),
                     impact.changed.size() == 1 ? "it" : "them",
                     counted(impact.breaks.size(), "break"));
}

void append_texts(std::string& out, const std::vector<std::string>& texts) {
  out += '[';
  for (const std::string& one : texts) {
    if (!out.ends_with('[')) out += ',';
    append_json(out, one);
  }
  out += ']';
}

}  // namespace

std::string_view change_word(const FlowNetwork& network, const mesh::Change& change) {
  if (change.flow == nullptr) return "gone";
  return network.before.find(change.name) == nullptr ? "new" : "changed";
}

std::string break_text(const FlowNetwork& network, const Break& found) {
  std::string owner = printable(found.owner);
  const std::string contacts = contacts_of(network, found.flow);
  if (!contacts.empty()) owner += " (" + printable(contacts) + ")";
  return fmt::format("{}  {}  owner {}\n  {}: {}\n  caused by {}", printable(found.flow),
                     printable(found.part), owner, to_string(found.kind), printable(found.what),
                     printable(fmt::format("{}", fmt::join(found.causes, ", "))));
}

std::string impact_text(const FlowNetwork& network, const Impact& impact, const Palette& palette) {
  if (impact.changed.empty()) return "nothing changes\n";
  std::string out;
  Tree tree(impact, palette);
  for (const std::string& flow : impact.changed) {
    const mesh::Change* const change = change_of(network, flow);
    out += fmt::format("{}  {}\n", printable(flow),
                       change == nullptr ? "" : change_word(network, *change));
    const std::string below = tree.of(flow);
    out += below.empty() ? "└─ nobody takes anything from it\n" : below;
  }
  for (const Break& one : impact.breaks) {
    out +=
        fmt::format("\n{} {}\n", palette.paint(Colour::kRed, "broken"), break_text(network, one));
  }
  return out + "\n" + counted_changes(impact) + "\n";
}

std::string break_json(const FlowNetwork& network, const Break& found) {
  std::string out = fmt::format("{{\"kind\":\"{}\",\"flow\":", to_string(found.kind));
  append_json(out, found.flow);
  const auto add = [&out](std::string_view name, const std::string& text) {
    out += fmt::format(",\"{}\":", name);
    append_json(out, text);
  };
  add("part", found.part);
  add("owner", found.owner);
  if (const std::string contacts = contacts_of(network, found.flow); !contacts.empty()) {
    add("contacts", contacts);
  }
  add("from", found.from);
  if (!found.data.empty()) add("data", found.data);
  add("what", found.what);
  out += ",\"causes\":";
  append_texts(out, found.causes);
  return out + '}';
}

std::string impact_json(const FlowNetwork& network, const Impact& impact) {
  std::string out = "{\"changed\":[";
  for (const std::string& flow : impact.changed) {
    const mesh::Change* const change = change_of(network, flow);
    out += out.ends_with('[') ? "{\"flow\":" : ",{\"flow\":";
    append_json(out, flow);
    out += fmt::format(",\"change\":\"{}\"}}",
                       change == nullptr ? "changed" : change_word(network, *change));
  }
  out += "],\"behind\":";
  append_texts(out, impact.behind.flows);
  out += ",\"edges\":[";
  for (const Edge& edge : impact.behind.edges) {
    out += out.ends_with('[') ? "\n {\"from\":" : ",\n {\"from\":";
    append_json(out, edge.from);
    out += ",\"to\":";
    append_json(out, edge.to);
    out += ",\"part\":";
    append_json(out, edge.part);
    out += ",\"owner\":";
    append_json(out, edge.owner);
    if (!edge.data.empty()) {
      out += ",\"data\":";
      append_json(out, edge.data);
    }
    out += '}';
  }
  out += "],\"breaks\":[";
  for (const Break& one : impact.breaks) {
    out += (out.ends_with('[') ? "\n " : ",\n ") + break_json(network, one);
  }
  return out + "]}\n";
}

std::string impact_markdown(const FlowNetwork& network, const Impact& impact) {
  std::string out = "### What this change means for others\n\n" + counted_changes(impact) + ".\n\n";
  if (!impact.breaks.empty()) {
    out += "| broken | owner | what | caused by |\n|---|---|---|---|\n";
    for (const Break& one : impact.breaks) {
      std::string owner = cell(one.owner);
      if (const std::string contacts = contacts_of(network, one.flow); !contacts.empty()) {
        owner += " (" + cell(contacts) + ")";
      }
      out += fmt::format("| `{}` {} | {} | {} | {} |\n", cell(one.flow), cell(one.part), owner,
                         cell(one.what), cell(fmt::format("{}", fmt::join(one.causes, ", "))));
    }
    out += "\n";
  }
  return out + diagram(impact);
}

}  // namespace cordyna::cli
