#include "mesh/mesh.hpp"

#include <algorithm>
#include <cctype>
#include <deque>
#include <functional>
#include <tuple>
#include <utility>

namespace cordyna::mesh {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

/// Whether a SQL text has the name of a table as words of its own: "gold.orders", or "orders".
bool names_table(const std::string& sql, std::string_view table) {
  const auto has = [&sql](std::string_view name) {
    if (name.empty()) return false;
    for (auto at = sql.begin();;) {
      at = std::search(at, sql.end(), name.begin(), name.end(), same_letter);
      if (at == sql.end()) return false;
      const bool begins = at == sql.begin() || (!is_word(*std::prev(at)) && *std::prev(at) != '.');
      const auto end = at + static_cast<std::ptrdiff_t>(name.size());
      if (begins && (end == sql.end() || !is_word(*end))) return true;
      ++at;
    }
  };
  if (has(table)) return true;
  // What stands in the schema that needs no name.
  return table.starts_with("public.") && has(table.substr(7));
}

}  // namespace

bool takes(const Use& read, const Use& made) {
  if (read.sql.empty()) return may_be(made.data.id, read.data.id);
  const std::string& place = read.data.id;
  return made.data.id.starts_with(place) &&
         names_table(read.sql, std::string_view(made.data.id).substr(place.size()));
}

const Node* Mesh::find(const std::string& name) const {
  const auto found = nodes_.find(name);
  return found == nodes_.end() ? nullptr : &found->second;
}

namespace {

/// The reads of all flows, by what they name: most name one thing exactly.
class Readers {
 public:
  struct At {
    const Node* node = nullptr;
    std::size_t take = 0;
  };

  explicit Readers(const std::map<std::string, Node>& nodes) {
    for (const auto& [name, node] : nodes) {
      for (std::size_t take = 0; take < node.reads.size(); ++take) {
        const Use& read = node.reads[take];
        all_.push_back({&node, take});
        if (is_open(read)) {
          open_.push_back({&node, take});
        } else {
          exact_.emplace(read.data.id, At{&node, take});
        }
      }
    }
  }

  void of(const Use& made, const std::function<void(const At&)>& call) const {
    if (made.data.id.find('*') != std::string::npos) return those_that_take(made, all_, call);
    const auto [first, last] = exact_.equal_range(made.data.id);
    for (auto at = first; at != last; ++at) call(at->second);
    those_that_take(made, open_, call);
  }

 private:
  static bool is_open(const Use& read) {
    const std::string& id = read.data.id;
    return !read.sql.empty() || id.ends_with('/') || id.find('*') != std::string::npos;
  }
  static void those_that_take(const Use& made, const std::vector<At>& among,
                              const std::function<void(const At&)>& call) {
    for (const At& at : among) {
      if (takes(at.node->reads[at.take], made)) call(at);
    }
  }

  std::multimap<std::string, At> exact_;
  std::vector<At> open_;
  std::vector<At> all_;
};

}  // namespace

std::vector<Edge> Mesh::edges() const {
  const Readers readers(nodes_);
  std::vector<Edge> edges;
  for (const auto& [from, giver] : nodes_) {
    for (std::size_t make = 0; make < giver.makes.size(); ++make) {
      readers.of(giver.makes[make], [&](const Readers::At& at) {
        if (at.node == &giver) return;
        const Use& read = at.node->reads[at.take];
        edges.push_back({from, at.node->name, read.part, read.owner, giver.makes[make].data.name,
                         make, at.take});
      });
    }
  }
  for (const auto& [to, taker] : nodes_) {
    for (std::size_t take = 0; take < taker.links.size(); ++take) {
      const Link& link = taker.links[take];
      if (link.flow == to || !nodes_.contains(link.flow)) continue;
      edges.push_back({link.flow, to, link.part, link.owner, {}, 0, take});
    }
  }
  std::ranges::stable_sort(edges, {}, [](const Edge& one) { return std::tie(one.from, one.to); });
  return edges;
}

std::vector<DataInfo> Mesh::datasets() const {
  std::map<std::string, DataInfo> found;
  for (const auto& [name, node] : nodes_) {
    for (const Use& made : node.makes) {
      DataInfo& info = found[made.data.id];
      info.data = made.data;
      if (info.columns.empty()) info.columns = made.columns;
      if (std::ranges::find(info.makers, name) == info.makers.end()) info.makers.push_back(name);
    }
  }
  const auto add_once = [](std::vector<std::string>& names, const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  const Readers readers(nodes_);
  std::set<const Use*> made_reads;
  for (auto& [id, info] : found) {
    Use made;
    made.data = info.data;
    readers.of(made, [&](const Readers::At& at) {
      made_reads.insert(&at.node->reads[at.take]);
      add_once(info.readers, at.node->name);
    });
  }
  // What nobody here makes comes from outside.
  for (const auto& [name, node] : nodes_) {
    for (const Use& read : node.reads) {
      if (made_reads.contains(&read) || !read.sql.empty()) continue;
      DataInfo& info = found[read.data.id];
      info.data = read.data;
      if (info.columns.empty()) info.columns = read.columns;
      add_once(info.readers, name);
    }
  }
  std::vector<DataInfo> all;
  all.reserve(found.size());
  for (auto& [id, info] : found) all.push_back(std::move(info));
  std::ranges::stable_sort(all, {}, [](const DataInfo& one) { return one.data.name; });
  return all;
}

Behind behind(const std::vector<Edge>& edges, const std::set<std::string>& from) {
  std::multimap<std::string, const Edge*> leads;
  for (const Edge& edge : edges) leads.emplace(edge.from, &edge);
  Behind found;
  std::set<std::string> seen = from;
  std::deque<std::string> next(from.begin(), from.end());
  while (!next.empty()) {
    const std::string flow = std::move(next.front());
    next.pop_front();
    const auto [first, last] = leads.equal_range(flow);
    for (auto at = first; at != last; ++at) {
      found.edges.push_back(*at->second);
      if (!seen.insert(at->second->to).second) continue;
      found.flows.push_back(at->second->to);
      next.push_back(at->second->to);
    }
  }
  return found;
}

}  // namespace cordyna::mesh
