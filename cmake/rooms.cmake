# Rooms and their tests: one static library a room, flags on one interface target.

add_library(steward_flags INTERFACE)
target_include_directories(steward_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(steward_flags INTERFACE STEWARD_VERSION="${PROJECT_VERSION}"
                                                   STEWARD_COMPILER="${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}")
target_compile_options(
    steward_flags
    INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
              -Wswitch-enum -Wformat=2 -Wundef -Werror=implicit-function-declaration -fno-common -ffp-contract=off)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(steward_flags INTERFACE -fexcess-precision=standard)
endif()
if(STEWARD_WERROR)
    target_compile_options(steward_flags INTERFACE -Werror)
endif()
if(STEWARD_SANITIZE)
    target_compile_options(steward_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                                                   -fno-omit-frame-pointer)
    target_link_options(steward_flags INTERFACE -fsanitize=address,undefined)
endif()
if(STEWARD_COVERAGE)
    target_compile_options(steward_flags INTERFACE --coverage)
    target_link_options(steward_flags INTERFACE --coverage)
endif()

# steward_room(<name> [PURE] SOURCES a.c ... [DEPENDS <rooms>] [LIBS <libraries>]): library steward_<name>. A pure room may not call
# what would make a run depend on anything but its events.
function(steward_room name)
    cmake_parse_arguments(PARSE_ARGV 1 room "PURE" "" "SOURCES;DEPENDS;LIBS")
    add_library(steward_${name} STATIC ${room_SOURCES})
    target_link_libraries(steward_${name} PRIVATE steward_flags ${room_LIBS})
    foreach(other IN LISTS room_DEPENDS)
        target_link_libraries(steward_${name} PRIVATE steward_${other})
    endforeach()
    if(room_PURE)
        target_compile_options(steward_${name} PRIVATE -include ${PROJECT_SOURCE_DIR}/core/base/pure.h)
        set_property(GLOBAL APPEND PROPERTY STEWARD_PURE_ROOMS steward_${name})
    else()
        target_compile_definitions(steward_${name} PRIVATE _POSIX_C_SOURCE=200809L)
    endif()
endfunction()

# steward_test(<name> LABEL <label> SOURCES a.c ... [DEPENDS <rooms>] [LIBS <libraries>]): a cmocka executable that is one test.
function(steward_test name)
    cmake_parse_arguments(PARSE_ARGV 1 test "" "LABEL" "SOURCES;DEPENDS;LIBS")
    add_executable(${name} ${test_SOURCES} ${PROJECT_SOURCE_DIR}/tests/lib/bug.c)
    target_compile_definitions(${name} PRIVATE _POSIX_C_SOURCE=200809L)
    target_link_libraries(${name} PRIVATE steward_flags)
    foreach(other IN LISTS test_DEPENDS)
        target_link_libraries(${name} PRIVATE steward_${other})
    endforeach()
    target_link_libraries(${name} PRIVATE ${test_LIBS} cmocka m)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS ${test_LABEL})
    if(STEWARD_TRUTH_DIR)
        set_tests_properties(${name} PROPERTIES ENVIRONMENT STEWARD_TRUTH_DIR=${STEWARD_TRUTH_DIR})
    endif()
endfunction()
