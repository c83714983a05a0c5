#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "json/value.hpp"

namespace oap::cli {

/// Fills closed standard descriptors, so that no file of ours gets their numbers. A closed standard
/// output then fails at the first write, like a full disk.
void keep_standard_descriptors();

/// Writes to stdout, whole: as it is, but at a terminal only what terminal::shown() lets through,
/// for models, tools, files and servers have written in it. The same holds for the others here.
/// Where that fails the process ends: with 141 where the reader has gone, else with 1 and the
/// reason on stderr.
void print(std::string_view text);
/// What draws on a terminal: sequences of our own go out as they are, so the caller has made the
/// text of others harmless.
void draw(std::string_view text, bool on_stdout);
/// One JSON value and a newline.
void print_json(const json::Value& value);
/// Help goes to stdout, a usage error to stderr.
void print_message(std::string_view text, bool is_help);
/// "oap: …" on stderr.
void print_error(std::string_view text);
/// A line of JSON whose strings hold no character that acts on a terminal; the same value. Pure.
std::string json_for_terminal(std::string_view line);
/// Reports an error and returns its exit code; with `as_json` also {"success": false, …} on stdout.
int report(const Error& error, bool as_json = false);

}  // namespace oap::cli
