/// The OpenAPI 3.1 document, from the table of routes.
#pragma once

#include <string>

namespace cordyna::server {

/// JSON, the same at each call.
[[nodiscard]] const std::string& openapi_document();
/// The table for people: the reference of the API, as Markdown.
[[nodiscard]] std::string api_as_markdown();

}  // namespace cordyna::server
