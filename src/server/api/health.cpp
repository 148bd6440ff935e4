// Whether the server lives, whether it takes work, and figures for a monitoring system.
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "server/api/openapi.hpp"
#include "server/api/routes.hpp"

namespace cordyna::server {
namespace {

HttpResponse plain(int status, std::string text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

std::int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t size = 0;
  std::int64_t resident = 0;
  file >> size >> resident;
  return resident * 4096;
}

void append_metric(std::string& out, std::string_view name, std::string_view type,
                   std::string_view help, auto value) {
  fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help,
                 type, value);
}

/// Ids and types want no escapes.
void append_inputs(std::string& out, const std::vector<InputStatus>& inputs) {
  const auto append = [&](std::string_view name, std::string_view type, std::string_view help,
                          auto value_of) {
    fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
    for (const InputStatus& input : inputs) {
      fmt::format_to(std::back_inserter(out), "{}{{input=\"{}\",type=\"{}\"}} {}\n", name,
                     input.name(), input.type, value_of(input));
    }
  };
  append("dyna_input_listens", "gauge", "1: the input listens; 0: it starts, waits, or has failed.",
         [](const InputStatus& input) { return input.state == InputState::kListens ? 1 : 0; });
  append("dyna_input_events_total", "counter", "Events kept since the input was begun here.",
         [](const InputStatus& input) { return input.events; });
  append("dyna_input_lag_seconds", "gauge",
         "Of the last event: from when it happened until it was kept.",
         [](const InputStatus& input) { return static_cast<double>(input.lag) / 1000; });
}

void append_channels(std::string& out, const std::vector<alert::ChannelStatus>& channels) {
  const auto append = [&](std::string_view name, std::string_view help, auto value_of) {
    fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} gauge\n", name, help);
    for (const alert::ChannelStatus& one : channels) {
      fmt::format_to(std::back_inserter(out), "{}{{channel=\"{}\",type=\"{}\"}} {}\n", name,
                     one.name, to_string(one.type), value_of(one));
    }
  };
  append("dyna_channel_alerts", "What the channel was told of that is not well.",
         [](const alert::ChannelStatus& one) { return one.incidents; });
  append("dyna_channel_waiting_messages", "Messages that could not be sent yet.",
         [](const alert::ChannelStatus& one) { return one.waiting; });
}

void append_follows(std::string& out, const std::vector<FollowStatus>& follows) {
  const auto append = [&](std::string_view name, std::string_view help, auto value_of) {
    fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} gauge\n", name, help);
    for (const FollowStatus& one : follows) {
      fmt::format_to(std::back_inserter(out), "{}{{namespace=\"{}\"}} {}\n", name, one.follow.ns,
                     value_of(one));
    }
  };
  append("dyna_git_follows", "1: the namespace has its branch's newest commit; 0: it has not.",
         [](const FollowStatus& one) {
           return !one.book.applied.id.empty() && one.book.applied.id == one.book.seen.id &&
                          problem_of(one).empty()
                      ? 1
                      : 0;
         });
  append("dyna_git_edits", "Flows that were changed here and not pushed.",
         [](const FollowStatus& one) { return one.edits.size(); });
  append("dyna_git_looked_at_seconds", "When the branch was looked at last; 0: not yet.",
         [](const FollowStatus& one) { return static_cast<double>(one.looked_at) / 1000; });
}

}  // namespace

void show_alive(Api& /*api*/, Call& call) {
  call.answer(plain(200, "alive\n"));
}

void show_ready(Api& api, Call& call) {
  if (!api.is_ready()) return call.answer(plain(503, "not ready: the server is going\n"));
  // It asks without a token, so it is not told which disk.
  if (!api.cerebro().takes_work()) {
    return call.answer(plain(503, "not ready: the state's disk is full, or has failed\n"));
  }
  call.answer(plain(200, "ready\n"));
}

void show_metrics(Api& api, Call& call) {
  const HttpCounts http = api.parts().http_counts ? api.parts().http_counts() : HttpCounts{};
  std::string out;
  append_metric(out, "dyna_live_runs", "gauge", "Runs that have not ended and are driven here.",
                api.cerebro().live_runs());
  if (const auto events = api.reader().count_events(); events.has_value()) {
    append_metric(out, "dyna_pending_events", "gauge", "Events that wait for their runs.",
                  events->pending);
    append_metric(out, "dyna_dead_events", "gauge", "Dead letters.", events->dead);
  }
  append_metric(out, "dyna_takes_work", "gauge",
                "1: new work is taken; 0: the state's disk is full, or has failed.",
                api.cerebro().takes_work() ? 1 : 0);
  if (api.parts().inputs) append_inputs(out, api.parts().inputs());
  if (api.parts().alerts) append_channels(out, api.parts().alerts().channels);
  if (api.parts().git != nullptr) append_follows(out, api.parts().git->status().follows);
  append_metric(out, "dyna_http_requests_total", "counter", "HTTP requests, also malformed ones.",
                http.requests);
  append_metric(out, "dyna_http_connections_total", "counter", "HTTP connections.",
                http.connections);
  append_metric(out, "dyna_http_connections", "gauge", "HTTP connections that are open.",
                http.open);
  append_metric(out, "process_resident_memory_bytes", "gauge", "Resident memory.",
                resident_bytes());
  HttpResponse response = plain(200, std::move(out));
  response.headers.front().value = "text/plain; version=0.0.4; charset=utf-8";
  call.answer(std::move(response));
}

void show_openapi(Api& /*api*/, Call& call) {
  call.answer(openapi_document());
}

}  // namespace cordyna::server
