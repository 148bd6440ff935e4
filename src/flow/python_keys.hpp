/// The keys of a task of type `python`.
///
/// Tables only.
#pragma once

#include <array>

#include "flow/key_spec.hpp"

namespace cordyna::flow::python_detail {

using K = ValueKind;

inline constexpr KeySpec kArgument{.kind = K::kAny};
inline constexpr KeySpec kLine{.kind = K::kText};

inline constexpr std::array kPython{
    KeySpec{.name = "script",
            .kind = K::kPython,
            .description = "The program's text, without templates: it reads `inputs`, and the "
                           "`outputs` of the tasks that it needs, from the module cordyna_task, "
                           "which has `set_output(name, value)` and `artifact(path)`, too."},
    KeySpec{.name = "function",
            .kind = K::kText,
            .description =
                "Instead of `script`, MODULE:FUNCTION, as prices:load. The module is one of the "
                "flow's folder, of `path`, or of `requirements`; the function may be async. The "
                "fields of an object that it returns become outputs, any other value the output "
                "`result`, None nothing."},
    KeySpec{.name = "arguments",
            .kind = K::kMap,
            .description =
                "What the function gets, by the names of its parameters. A string that is one "
                "template becomes its value, with its type. Each is made what the parameter's "
                "annotation says (int, list[date], Decimal, Path, an Enum, a dataclass, …), or the "
                "task ends as INPUT_INVALID. Without this key, it gets those inputs of the flow "
                "that it has parameters for. Secrets come through `env`.",
            .item = &kArgument},
    KeySpec{.name = "requirements",
            .kind = K::kList,
            .description =
                "What is to be installed, as lines of pip: [pandas==3.1.1, \"httpx>=0.28\"]; a "
                "single text is the path of a file of such lines, from the flow's folder, which is "
                "read with the flow. Made once, by uv or pip, for all tasks with the same lines "
                "and interpreter. Where packages come from, the environment of dyna says "
                "(UV_INDEX_URL, PIP_INDEX_URL, proxies), or a line, as \"--index-url https://…\".",
            .one_or_list = true,
            .item = &kLine},
    KeySpec{.name = "path",
            .kind = K::kList,
            .description = "Folders in which modules are found, too, from the flow's folder. "
                           "`function` finds those of the flow's folder without it.",
            .one_or_list = true,
            .item = &kLine},
    KeySpec{.name = "python",
            .kind = K::kText,
            .description = "The interpreter; with `requirements`, that of the environment. "
                           "`function` and `requirements` want Python 3.10 or newer.",
            .shared = true,
            .preset = "\"python3\""},
};

}  // namespace cordyna::flow::python_detail
