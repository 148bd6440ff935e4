"""Just enough of C++ to find functions and their lengths. No parser: a scanner of braces."""

import re

RAW_STRING = re.compile(r'R"([^()\\\s]{0,16})\(')
TEST_MACRO = re.compile(r"\b(?:TYPED_)?TEST(?:_F|_P)?\s*\(\s*(\w+)\s*,\s*(\w+)\s*\)")
FUNCTION_NAME = re.compile(r"(operator\s*[^\s\w(]+|operator\s*\(\)|~?\w+)\s*\(")
KEYWORDS = {"if", "for", "while", "switch", "catch", "return", "sizeof", "alignas", "decltype",
            "noexcept", "requires", "static_assert", "__attribute__", "explicit"}  # fmt: skip


def without_comments_and_strings(text):
    """The same text, with the inside of comments, strings and characters as blanks."""
    out = []
    at, size = 0, len(text)

    def blank(end):
        out.append(re.sub(r"[^\n]", " ", text[at:end]))
        return end

    while at < size:
        two = text[at : at + 2]
        raw = RAW_STRING.match(text, at) if text[at] == "R" else None
        if two == "//":
            end = text.find("\n", at)
            at = blank(size if end < 0 else end)
        elif two == "/*":
            end = text.find("*/", at + 2)
            at = blank(size if end < 0 else end + 2)
        elif raw and (at == 0 or not (text[at - 1].isalnum() or text[at - 1] == "_")):
            end = text.find(f'){raw[1]}"', raw.end())
            at = blank(size if end < 0 else end + len(raw[1]) + 2)
        elif text[at] == '"' or (text[at] == "'" and not is_digit_separator(text, at)):
            end = at + 1
            while end < size and text[end] != text[at] and text[end] != "\n":
                end += 2 if text[end] == "\\" else 1
            at = blank(min(end + 1, size))
        else:
            out.append(text[at])
            at += 1
    return "".join(out)


def is_digit_separator(text, at):
    return at > 0 and text[at - 1].isalnum() and at + 1 < len(text) and text[at + 1].isalnum()


def matching_brace(code, at):
    """Where the brace that opens at `at` closes; the end of the text when it never does."""
    depth = 0
    for index in range(at, len(code)):
        if code[index] == "{":
            depth += 1
        elif code[index] == "}":
            depth -= 1
            if depth == 0:
                return index
    return len(code) - 1


def head_kind(head):
    """What a brace after this text opens: "scope", "function", or "value" (an initializer)."""
    flat = head.strip()
    outside = strip_parentheses(flat)
    if re.search(r"\bnamespace\b|extern\s*$", outside) and "(" not in flat:
        return "scope"
    if re.search(r"(^|\s)(class|struct|union)\s", outside) and not re.search(r"\)\s*\w*$", flat):
        return "scope"
    if re.search(r"\benum\b", outside) or re.search(r"(?<![=!<>])=(?!=)[^)]*$", outside):
        return "value"
    if "(" not in flat:
        return "value"
    # In `: member_{value}` of a constructor a brace follows a name directly.
    if re.search(r"\)[^()]*(?<!:):(?!:)", flat) and re.search(r"[,:]\s*[\w:<>]+$", flat):
        return "value"
    return "function"


def strip_parentheses(text):
    out, depth = [], 0
    for char in text:
        if char == "(":
            depth += 1
        elif char == ")":
            depth = max(0, depth - 1)
        elif depth == 0:
            out.append(char)
    return "".join(out)


def function_name(head):
    test = TEST_MACRO.search(head)
    if test:
        return f"{test[1]}.{test[2]}", True
    for match in FUNCTION_NAME.finditer(head):
        if match[1] not in KEYWORDS:
            return re.sub(r"\s+", "", match[1]), False
    return "?", False


def functions(text):
    """(name, first line, number of lines, whether it is a test) of each function with a body."""
    code = without_comments_and_strings(text)
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: re.sub(r"[^\n]", " ", m[0]), code,
                  flags=re.MULTILINE)  # fmt: skip
    yield from scan(code)


def scan(code):
    at = head_start = parens = 0
    while at < len(code):
        char = code[at]
        if char == "(":
            parens += 1
        elif char == ")":
            parens = max(0, parens - 1)
        elif char == "}" or (char == ";" and parens == 0):
            head_start = at + 1
        elif char == "{" and parens > 0:
            at = matching_brace(code, at)
        elif char == "{":
            head = code[head_start:at]
            kind = head_kind(head)
            if kind == "scope":
                head_start = at + 1
            else:
                end = matching_brace(code, at)
                if kind == "function":
                    begin = head_start + len(head) - len(head.lstrip())
                    first = code.count("\n", 0, begin) + 1
                    last = code.count("\n", 0, end) + 1
                    name, test = function_name(head)
                    yield name, first, last - first + 1, test
                    head_start = end + 1
                at = end
        at += 1
