#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "audit/anchor.hpp"
#include "audit/keyring.hpp"
#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::audit {

/// One breach of the chain.
struct Problem {
  std::string segment;     ///< file name; empty where a whole segment is missing
  std::uint64_t line = 0;  ///< from 1
  std::uint64_t seq = 0;   ///< what should be there
  std::string what;        ///< a sentence
};

struct VerifyReport {
  bool ok = true;
  std::uint64_t events = 0;
  std::uint64_t first = 0;  ///< seq; 0 where the chain is empty
  std::uint64_t last = 0;
  std::uint64_t bytes = 0;
  std::uint64_t checkpoints = 0;       ///< signed, and checked against the records that are there
  std::uint64_t anchors_compared = 0;  ///< held against the records that they name
  std::uint64_t anchors_retired = 0;   ///< whose records are gone, so that they could not be
  /// Not ok only because anchors were given and none could be held against a record.
  bool is_undecided = false;
  std::vector<Problem> problems;   ///< the first 100
  std::vector<std::string> notes;  ///< what is unusual but no breach, e.g. an empty chain
};
/// `{ok, events, first, last}` and, where there are any, checkpoints, anchors `{compared,
/// retired}`, `undecided`, problems and notes.
json::Object to_json(const VerifyReport& report);

/// Checks every record of the chain in `dir`, streaming. Changes nothing; appenders may go on
/// meanwhile. An Error only where the folder cannot be read. A missing folder is an empty chain,
/// but a breach where the marker beside it says that there was one. Encrypted records whose
/// segment's key or ring of keys is gone are a breach: nobody can read them (a user's own key may
/// be destroyed, see Keyring::erase). Records that the chain itself
/// says were lost stay a breach. Index files are checked where their key is there; those of records
/// in clear are made once more and compared, on a thread beside. Where anchors are given and all
/// that they name was retired since, that is not ok. Borrows the keys.
struct VerifyOptions {
  Keyring* keys = nullptr;      ///< for the index files of encrypted segments
  std::vector<Anchor> anchors;  ///< what must still be there
};
Result<VerifyReport> verify(const std::string& dir, const VerifyOptions& options = {});

}  // namespace oap::audit
