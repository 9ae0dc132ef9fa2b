# Writes tessera_build_info.hpp at build time, and only when the revision changed.
# cmake -DSOURCE=.. -DOUTPUT=.. -DVERSION=.. -DCOMPILER=.. -DFLAGS=.. -P build_info.cmake
execute_process(COMMAND git -C ${SOURCE} describe --always --abbrev=12 --dirty --exclude=*
                OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT revision AND EXISTS ${SOURCE}/revision)   # sources without their history, as images copy them
    file(STRINGS ${SOURCE}/revision revision LIMIT_COUNT 1)
endif()
if(NOT revision)
    set(revision unknown)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#pragma once
#define TESSERA_VERSION \"${VERSION}\"
#define TESSERA_REVISION \"${revision}\"
#define TESSERA_COMPILER \"${COMPILER}\"
#define TESSERA_FLAGS \"${FLAGS}\"
")
