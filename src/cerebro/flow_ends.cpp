#include "cerebro/flow_ends.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <utility>

#include "base/json_text.hpp"
#include "base/time.hpp"
#include "model/run_fields.hpp"

namespace cordyna {
namespace {

// Outputs of many flows may be large together; what an event has is kept, and shown.
constexpr std::size_t kRunsBytesMax = std::size_t{4} << 20;

std::string whole_name(std::string_view ns, std::string_view id) {
  return fmt::format("{}/{}", ns, id);
}

/// Without its braces.
std::string fields_of(const RunRow& run, bool with_outputs) {
  std::string out =
      fmt::format(R"("flow":{},"run":{},{},"state":"{}","ended_at":"{}","inputs":{})",
                  json_string(run.ns.empty() ? run.flow_id : whole_name(run.ns, run.flow_id)),
                  run.no, run_fields(run.id, run.created_at, run.scheduled), to_string(run.state),
                  format_timestamp(run.ended_at), run.inputs.empty() ? "{}" : run.inputs);
  if (with_outputs)
    out += fmt::format(R"(,"outputs":{})", run.outputs.empty() ? "{}" : run.outputs);
  return out;
}

/// As ends_position says.
template <class Ends>
std::string as_text(const Ends& ends) {
  std::string out;
  for (const auto& end : ends) out += fmt::format("{} {} {}\n", end.flow, end.run, end.at);
  return out;
}

std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// From one flow to another, by the leads that there are.
class Leads {
 public:
  explicit Leads(const std::vector<FlowLead>& leads) {
    for (const FlowLead& lead : leads) to_[lead.from].push_back(lead.to);
  }

  /// The flows on a way, both ends included; empty: there is none.
  [[nodiscard]] std::vector<std::string> way(const std::string& from, const std::string& to) const {
    std::map<std::string, std::string> before{{from, {}}};
    std::deque<std::string> open{from};
    while (!open.empty() && !before.contains(to)) {
      const std::string at = std::move(open.front());
      open.pop_front();
      const auto next = to_.find(at);
      if (next == to_.end()) continue;
      for (const std::string& one : next->second) {
        if (before.emplace(one, at).second) open.push_back(one);
      }
    }
    std::vector<std::string> found;
    if (!before.contains(to)) return found;
    for (std::string at = to; !at.empty(); at = before.at(at)) found.push_back(at);
    std::ranges::reverse(found);
    return found;
  }

 private:
  std::map<std::string, std::vector<std::string>> to_;
};

}  // namespace

std::string ends_position(const std::string& ns, const std::string& flow_id,
                          const std::string& trigger) {
  // No name of an input begins so: those are of flows.
  return fmt::format("ends:{}/{}/{}", ns, flow_id, trigger);
}

void FlowEnds::listen(const std::vector<KeptTrigger>& triggers) {
  listens_ = true;
  listeners_.clear();
  by_flow_.clear();
  for (const KeptTrigger& kept : triggers) {
    const Listener& listener = listeners_.emplace_back(Listener{kept.flow, kept.trigger});
    for (const std::string& flow : listener.spec().ends.flows) {
      by_flow_[flow].push_back(listeners_.size() - 1);
    }
  }
}

Result<std::vector<EventRequest>> FlowEnds::hear(ChangeSet& out) {
  std::vector<EventRequest> events;
  if (by_flow_.empty()) return events;
  // By number: what is remembered grows `out`, but not its runs.
  for (std::size_t i = 0; i < out.runs.size(); ++i) {
    if (!is_final(out.runs[i].state)) continue;
    const auto waits = by_flow_.find(whole_name(out.runs[i].ns, out.runs[i].flow_id));
    if (waits == by_flow_.end()) continue;
    for (const std::size_t at : waits->second) {
      TRY(hear_one(listeners_[at], out.runs[i], out, events));
    }
  }
  return events;
}

Result<std::vector<FlowEnds::End>*> FlowEnds::waiting_of(const std::string& name) {
  const auto known = waiting_.find(name);
  if (known != waiting_.end()) return &known->second;
  TRY_ASSIGN(const std::string text, store_.find_position(name));
  std::vector<End> ends;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    const std::string_view line = std::string_view(text).substr(from, end - from);
    const std::size_t run = std::min(line.find(' '), line.size());
    const std::size_t at = std::min(line.find(' ', run + 1), line.size());
    if (at < line.size()) {
      ends.push_back({std::string(line.substr(0, run)),
                      number_of(line.substr(run + 1, at - run - 1)),
                      number_of(line.substr(at + 1))});
    }
    from = end + 1;
  }
  return &waiting_.emplace(name, std::move(ends)).first->second;
}

Result<> FlowEnds::hear_one(const Listener& listener, const RunRow& run, ChangeSet& out,
                            std::vector<EventRequest>& events) {
  const FlowEndsSpec& wanted = listener.spec().ends;
  if (std::ranges::count(wanted.states, to_string(run.state)) == 0) return {};
  const End end{whole_name(run.ns, run.flow_id), run.no, run.ended_at};
  if (wanted.need <= 1) {
    events.push_back(event_of(listener, run, {end}, out));
    return {};
  }
  const std::string name = ends_position(listener.flow->ns, listener.flow->id, listener.spec().id);
  TRY_ASSIGN(std::vector<End>* const waiting, waiting_of(name));
  // Of one flow the last run counts; of one that is not waited for any more, none.
  std::erase_if(*waiting, [&](const End& one) {
    const bool late = wanted.within > 0 && one.at < end.at - wanted.within;
    return late || one.flow == end.flow || std::ranges::count(wanted.flows, one.flow) == 0;
  });
  waiting->push_back(end);
  if (waiting->size() >= wanted.need) {
    events.push_back(event_of(listener, run, *waiting, out));
    waiting->clear();
  }
  std::erase_if(out.positions, [&name](const PositionRow& row) { return row.input == name; });
  out.positions.push_back({name, as_text(*waiting)});
  return {};
}

EventRequest FlowEnds::event_of(const Listener& listener, const RunRow& last,
                                const std::vector<End>& ends, const ChangeSet& out) const {
  std::string runs;
  for (const End& end : ends) {
    const auto now = std::ranges::find_if(
        out.runs, [&end](const RunRow& row) { return row.no == end.run && is_final(row.state); });
    const auto saved = now == out.runs.end() ? store_.find_run(end.run) : *now;
    // One that was removed meanwhile has ended all the same.
    std::string fields = fmt::format(R"("run":{})", end.run);
    if (saved.has_value()) {
      fields = fields_of(*saved, true);
      if (runs.size() + fields.size() > kRunsBytesMax) fields = fields_of(*saved, false);
    }
    runs += fmt::format("{}{}:{{{}}}", runs.empty() ? "" : ",", json_string(end.flow), fields);
  }
  EventRequest event;
  event.ns = listener.flow->ns;
  event.flow_id = listener.flow->id;
  event.trigger = listener.spec().id;
  event.event_id = last.id.value;
  event.source = fmt::format("run {} of {}", last.no, whole_name(last.ns, last.flow_id));
  event.payload = fmt::format(
      R"({{"location":{},"operation":"update","id":{},"at":"{}","data":{{{},"runs":{{{}}}}}}})",
      json_string(ends.back().flow), json_string(last.id.value), format_timestamp(last.ended_at),
      fields_of(last, true), runs);
  return event;
}

Result<> check_circles(const std::vector<FlowLead>& leads) {
  const Leads all(leads);
  for (const FlowLead& lead : leads) {
    if (!lead.by_trigger) continue;
    std::vector<std::string> way = all.way(lead.to, lead.from);
    if (way.empty()) continue;
    std::ranges::rotate(way, std::ranges::min_element(way));
    std::string circle;
    for (const std::string& one : way) circle += one + " → ";
    circle += way.front();
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("flows would start each other for ever: {}; take a trigger of type flow "
                    "of one of them away",
                    circle));
  }
  return {};
}

}  // namespace cordyna
