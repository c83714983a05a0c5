#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "permission/request.hpp"
#include "permission/rule.hpp"

namespace oap::permission {

/// One path that a call touches.
struct PathFacet {
  Action access = Action::kRead;  ///< kRead, kWrite or kDelete
  std::string canonical;          ///< absolute, links resolved: what an allow rule must match
  std::string lexical;            ///< absolute as written; ask and deny rules match either
  std::string relative;           ///< canonical below the workspace, "." for itself; "" outside
  std::string lexical_relative;   ///< likewise
  bool inside = false;            ///< canonical is the workspace or below it
  bool above = false;             ///< the workspace lies in canonical
  bool exact = true;              ///< false: an expansion or glob; the paths are unknown
  bool tree = false;              ///< everything below too
  bool redirect = false;          ///< of a shell redirection
  bool possible = false;          ///< only perhaps touched: ask and deny rules count, nothing else
  bool unsure = false;            ///< a tree of which only some is touched, and which is not known
  bool creates = false;           ///< such a part of which is also what is not there yet
  bool skips_hidden = false;      ///< of a tree, nothing whose name begins with a dot
  bool skips_links = false;       ///< of a tree, no file that is only linked to
  bool unmatched = false;         ///< a glob that matches no file now; the paths are its own text
  bool may_write = false;         ///< named to a program that is not known: it may write there
  bool mentioned = false;         ///< a tree that some word names: only rules about its own parts
  std::vector<std::string> only;  ///< of a tree, files with such names (globs); all where empty
  bool linked = false;            ///< of a tree's listing: it is only a link
  bool shared = false;            ///< a file to be written that has other names (hard links)
  std::string shown;              ///< as written
};

/// One program call of a shell command.
struct CommandFacet {
  std::vector<std::string> argv;
  std::size_t known_words = 0;  ///< leading words that are static
  std::string program;          ///< the bare name, or the path where its directory is not trusted
  std::string name;             ///< always the bare name
  std::string text;             ///< the words joined by blanks, the program as `program`
  std::vector<std::string> more_texts;    ///< further forms that every rule may match
  std::vector<std::string> strict_texts;  ///< forms that only ask and deny rules match
  std::string shown;
  std::string doubt;      ///< why it cannot be allowed by its text alone; "" where it can
  std::string launches;   ///< why only a rule that names the program may allow it; "" for most
  bool possible = false;  ///< only perhaps run: ask and deny rules count, nothing else
  bool open = false;  ///< not all words are known; they do not matter to a rule about the program
  bool harmless = false;  ///< prints what the command itself holds: needs no rule
};

/// What a request comes down to: all that rules can match.
struct Facets {
  std::string tool;    ///< public name
  std::string server;  ///< "" where the tool is of no server
  bool known = false;  ///< a tool that is not merely a program's name
  std::vector<Action> actions;
  std::string resource;  ///< of a tool whose resource is no path
  std::vector<PathFacet> paths;
  std::vector<CommandFacet> commands;
  bool runs_commands = false;
  bool looks_up_globs = false;  ///< some path rule asks or denies: it matters what is touched
  std::string command_text;     ///< the shell text as written
  std::string doubt;            ///< why the shell text is not understood; "" where it is
  std::shared_ptr<const Request> request;  ///< the request itself, where some rule has a condition
  bool bad_name = false;    ///< the tool's or server's name holds what no name may hold
  bool over_limit = false;  ///< the shell text is too long, deep or intricate: some of it is unseen
};

/// What deriving facets needs to know beside the request.
struct FacetContext {
  const std::set<std::string, std::less<>>& known_tools;
  const std::string& workspace;        ///< canonical
  const std::string& given_workspace;  ///< the same as the configuration wrote it
  bool strict_paths = false;           ///< some path rule asks or denies
};

/// Derives the facets; looks at the file system to resolve links, at nothing else.
Facets derive_facets(const Request& request, const FacetContext& context);

/// A list of what was derived, a line each, for people.
std::vector<std::string> describe(const Facets& facets);

}  // namespace oap::permission
