// What is not well, who is told of it, and how their channels fare.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "server/api/problem.hpp"
#include "server/api/routes.hpp"
#include "service/alert_list.hpp"

namespace cordyna::server {

void list_alerts(Api& api, Call& call) {
  const alert::AlertStatus status =
      api.parts().alerts ? api.parts().alerts() : alert::AlertStatus();
  call.answer(alerts_as_json(status, [&call](const alert::Incident& one) {
    return call.caller.may(Role::kViewer, one.ns);
  }));
}

/// On the thread for long work: the other side may take its time.
void try_channel(Api& api, Call& call) {
  auto kept = std::make_shared<Call>(std::move(call));
  if (!api.parts().try_channel) {
    return kept->refuse(Error{ErrorCode::kNotFound, "this server has no channels"});
  }
  const std::string& name = kept->value("channel");
  api.work([&api, kept, name = name] {
    const Result<> sent = api.parts().try_channel(name);
    if (!sent.has_value()) return kept->refuse(sent.error());
    AuditNote note = note_of(*kept, "channel " + name, "");
    api.cerebro().ask(NoteRequest{}, std::move(note), [kept](const Result<std::int64_t>& done) {
      if (!done.has_value()) return kept->refuse(done.error());
      kept->answer(HttpResponse{204, {}, {}});
    });
  });
}

/// On the thread for long work: it is saved first.
void acknowledge_alert(Api& api, Call& call) {
  auto kept = std::make_shared<Call>(std::move(call));
  const std::string& id = kept->value("alert");
  const alert::AlertStatus status =
      api.parts().alerts ? api.parts().alerts() : alert::AlertStatus();
  const auto found = std::ranges::find(status.incidents, id, alert::id_of);
  if (found == status.incidents.end() || !kept->caller.may(Role::kViewer, found->ns)) {
    return kept->refuse(Error{ErrorCode::kNotFound, fmt::format("there is no alert '{}'", id)});
  }
  if (!kept->caller.may(Role::kOperator, found->ns)) {
    return kept->refuse(problem("forbidden", "this wants the role operator in its namespace"));
  }
  api.work([&api, kept, id = id, ns = found->ns] {
    const Result<> done = api.parts().acknowledge(id, kept->caller.actor);
    if (!done.has_value()) return kept->refuse(done.error());
    AuditNote note = note_of(*kept, "alert " + id, ns);
    api.cerebro().ask(NoteRequest{}, std::move(note), [kept](const Result<std::int64_t>& noted) {
      if (!noted.has_value()) return kept->refuse(noted.error());
      kept->answer(HttpResponse{204, {}, {}});
    });
  });
}

}  // namespace cordyna::server
