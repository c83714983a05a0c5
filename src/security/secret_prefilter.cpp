#include "security/secret_prefilter.hpp"

#include <algorithm>
#include <string>

#include <hs/hs_common.h>
#include <hs/hs_runtime.h>

#include "security/secret_database.hpp"

namespace oap::security {
namespace {

/// What is searched once more with a byte behind it.
constexpr std::size_t kEnd = 1024;

struct Database {
  const hs_database_t* database = nullptr;
  hs_scratch_t* scratch = nullptr;  ///< the pattern of each thread's own

  Database() {
    database = reinterpret_cast<const hs_database_t*>(secret_database().data());
    if (reinterpret_cast<std::uintptr_t>(database) % 64 != 0 ||
        hs_alloc_scratch(database, &scratch) != HS_SUCCESS) {
      database = nullptr;
    }
  }
};

const Database& shared_database() {
  static const Database kDatabase;
  return kDatabase;
}

/// What one thread searches with.
struct Lane {
  hs_scratch_t* scratch = nullptr;
  std::string end;

  Lane() {
    const Database& shared = shared_database();
    if (shared.database != nullptr && hs_clone_scratch(shared.scratch, &scratch) != HS_SUCCESS) {
      scratch = nullptr;
    }
  }
  ~Lane() { hs_free_scratch(scratch); }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
};

Lane& lane() {
  thread_local Lane mine;
  return mine;
}

int on_match(unsigned id, unsigned long long /*from*/, unsigned long long to, unsigned /*flags*/,
             void* context) {
  static_cast<std::vector<Hit>*>(context)->push_back({id, static_cast<std::size_t>(to)});
  return 0;
}

bool search(std::string_view text, std::vector<Hit>& hits) {
  constexpr std::size_t kMost = 1U << 30U;
  Lane& mine = lane();
  return mine.scratch != nullptr && text.size() <= kMost &&
         hs_scan(shared_database().database, text.data(), static_cast<unsigned>(text.size()), 0,
                 mine.scratch, on_match, &hits) == HS_SUCCESS;
}

}  // namespace

bool prefilter(std::string_view text, bool ends, std::vector<Hit>& hits) {
  const std::size_t from = text.size() > kEnd ? text.size() - kEnd : 0;
  if ((!ends || from > 0) && !search(text, hits)) {
    return false;
  }
  if (!ends) {
    return true;
  }
  std::string& end = lane().end;
  end.assign(text.substr(from));
  end += '\n';
  std::size_t kept = hits.size();
  if (!search(end, hits)) {
    return false;
  }
  for (std::size_t i = kept; i < hits.size(); ++i) {
    if (hits[i].end < end.size()) {
      hits[kept++] = {hits[i].id, hits[i].end + from};
    }
  }
  hits.resize(kept);
  return true;
}

}  // namespace oap::security
