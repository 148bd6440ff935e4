// The pages of the web UI. One file shows all of them: what stands in the address is its business.
#include <string>
#include <string_view>

#include "server/api/routes.hpp"
#include "server/pages/pages.hpp"

namespace cordyna::server {
namespace {

/// Scripts and styles only from files of this server, nothing from elsewhere, no page around it.
/// Pictures may be blobs: those that tasks left.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";
constexpr std::string_view kAskFirst = "no-cache";
/// Their names change with their content.
constexpr std::string_view kForEver = "public, max-age=31536000, immutable";

void answer_with_file(Call& call, const PageFile& file, std::string_view keep) {
  HttpResponse response{200, {}, {}};
  response.headers.push_back({"Content-Type", std::string(file.type)});
  response.headers.push_back({"Content-Security-Policy", std::string(kPolicy)});
  response.headers.push_back({"Cache-Control", std::string(keep)});
  response.headers.push_back({"ETag", '"' + std::string(file.tag) + '"'});
  response.packed = PackedBody{file.gzip, file.bytes};
  call.answer(std::move(response));
}

}  // namespace

void show_page(Api& /*api*/, Call& call) {
  const PageFile* const index = find_page_file("index.html");
  if (index != nullptr) return answer_with_file(call, *index, kAskFirst);
  HttpResponse response{200, {{"Content-Type", "text/html; charset=utf-8"}}, {}};
  response.body =
      "<!doctype html><title>Cordyna</title><p>This program was built without its web UI.";
  call.answer(std::move(response));
}

void show_page_file(Api& /*api*/, Call& call) {
  const PageFile* const file = find_page_file(call.value("file"));
  if (file == nullptr || file->name == "index.html") {
    return call.refuse(problem("not_found", "there is no such file"));
  }
  answer_with_file(call, *file, kForEver);
}

void show_start(Api& /*api*/, Call& call) {
  call.answer(HttpResponse{303, {{"Location", "/ui"}}, {}});
}

}  // namespace cordyna::server
