#pragma once

#include "base/result.hpp"
#include "store/sqlite/database.hpp"

namespace oap::store::sqlite {

/// "oapd": marks a file as ours (https://sqlite.org/pragma.html#pragma_application_id).
inline constexpr std::int64_t kApplicationId = 0x6f617064;

/// The newest schema this program knows: the number of embedded migrations.
std::int64_t newest_schema();

/// Brings an open file to the newest schema: forward only, each migration in one transaction, under
/// a lock between processes. One query where nothing is to be done. A newer schema or a foreign
/// file is kFailedPrecondition and is not touched.
Result<void> migrate(Database& database);

}  // namespace oap::store::sqlite
