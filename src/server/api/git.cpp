// Namespaces that follow a branch: how that goes, a look at the branch, a push.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

#include "server/api/routes.hpp"
#include "service/git_list.hpp"

namespace cordyna::server {
namespace {

/// Answers when the follow has done it, on its thread: the other side may take its time.
GitFollows::Done answer_to(std::shared_ptr<Call> kept) {
  return [kept = std::move(kept)](const Result<FollowStatus>& done) {
    if (!done.has_value()) return kept->refuse(done.error());
    kept->answer(follow_as_json(*done));
  };
}

bool has_follows(const Api& api, Call& call) {
  if (api.parts().git != nullptr) return true;
  call.refuse(Error{ErrorCode::kNotFound, "this server follows no branches"});
  return false;
}

/// Of who pushes, for the commit.
std::string email_of(const std::string& name) {
  return name.find('@') == std::string::npos ? name + "@cordyna.local" : name;
}

}  // namespace

void list_git(Api& api, Call& call) {
  const GitStatus status = api.parts().git != nullptr ? api.parts().git->status() : GitStatus();
  call.answer(git_as_json(status, [&call](const FollowStatus& one) {
    return call.caller.may(Role::kViewer, one.follow.ns);
  }));
}

void sync_git(Api& api, Call& call) {
  if (!has_follows(api, call)) return;
  const std::string ns = call.ns();
  const bool discard = call.body.flag("discard");
  if (discard && !call.caller.may(Role::kAuthor, ns)) {
    return call.refuse(problem("forbidden", "what authors changed here is discarded by authors"));
  }
  AuditNote note = note_of(call, "namespace " + ns, ns);
  api.parts().git->sync(ns, discard, std::move(note),
                        answer_to(std::make_shared<Call>(std::move(call))));
}

void push_git(Api& api, Call& call) {
  if (!has_follows(api, call)) return;
  const std::string ns = call.ns();
  const Caller& caller = call.caller;
  GitAuthor author{.name = caller.user.empty() ? caller.actor : caller.user};
  author.email = email_of(author.name);
  author.message = call.body.text("message");
  AuditNote note = note_of(call, "namespace " + ns, ns);
  api.parts().git->push(ns, std::move(author), std::move(note),
                        answer_to(std::make_shared<Call>(std::move(call))));
}

}  // namespace cordyna::server
