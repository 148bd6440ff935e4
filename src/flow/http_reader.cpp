// What only a whole task of type `http` can have wrong.
#include <fmt/format.h>

#include "base/status_range.hpp"
#include "base/words.hpp"
#include "flow/task_reader.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

/// An address that begins with a template is known only when it is called.
bool is_web_address(std::string_view text) {
  if (text.starts_with("{{")) return true;
  const std::string front = ascii_lower(text.substr(0, 8));
  return front.starts_with("http://") || front.starts_with("https://") ||
         (front.starts_with("http") && tmpl::has_template(text));
}

}  // namespace

void TaskReader::check_http(const TaskDraft& draft) {
  const Node& node = *draft.node;
  const auto wrong = [&](const Node& at, Code code, std::string what) {
    reporter_.error(at, code, std::move(what));
  };
  if (const Node* url = node.find("url");
      url != nullptr && url->is_scalar() && !url->text.empty() && !is_web_address(url->text)) {
    wrong(*url, Code::kBadValue,
          fmt::format("'url' begins with https:// or http://, not as {}", quoted(url->text)));
  }
  const Node* body = nullptr;
  for (const std::string_view name : {"body", "json", "form"}) {
    const Node* at = node.find(name);
    if (at == nullptr) continue;
    if (body != nullptr) {
      wrong(*at, Code::kBadValue, "a request has one body: leave two of body, json and form out");
    }
    body = at;
  }
  const Node* method = node.find("method");
  if (body != nullptr && method != nullptr && method->is_scalar() && method->text == "HEAD") {
    wrong(*body, Code::kBadValue, "a HEAD has no body; leave it out, or 'method'");
  }
  const Node* accepted = node.find("accept_status");
  const auto check_range = [&](const Node& at) {
    if (!at.is_scalar()) return;
    const auto range = parse_status_range(at.text);
    if (!range.has_value()) wrong(at, Code::kBadValue, range.error().message);
  };
  if (accepted != nullptr && accepted->kind == NodeKind::kList) {
    for (const Node* at = accepted->first; at != nullptr; at = at->next) check_range(*at);
  } else if (accepted != nullptr) {
    check_range(*accepted);
  }
  const Node* auth = node.find("auth");
  if (auth == nullptr || auth->kind != NodeKind::kMap) return;
  const bool user = auth->find("user") != nullptr;
  const bool password = auth->find("password") != nullptr;
  const bool token = auth->find("token") != nullptr;
  if (token ? user || password : !user || !password) {
    wrong(*auth, Code::kBadValue, "'auth' wants user and password, or token alone");
  }
}

}  // namespace cordyna::flow
