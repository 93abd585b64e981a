# Files of scenarios/ inside the binary. Included by the build it defines steward_embed; run as a script (cmake -P) it writes the
# table of cli/embedded.h.

if(CMAKE_SCRIPT_MODE_FILE)
    # -DOUTPUT=<file> -DROOT=<source directory> -DFILES=<paths from the root, separated by commas>
    string(REPLACE "," ";" files "${FILES}")
    set(bytes "")
    set(table "")
    set(n 0)
    string(REPEAT "." 256 line) # 64 escaped bytes a line.
    foreach(path IN LISTS files)
        file(READ ${ROOT}/${path} hex HEX)
        string(LENGTH "${hex}" n_digits)
        math(EXPR n_bytes "${n_digits} / 2")
        string(REGEX REPLACE "(..)" "\\\\x\\1" escaped "${hex}")
        string(REGEX REPLACE "(${line})" "\\1\"\n    \"" escaped "${escaped}")
        string(APPEND bytes "static const unsigned char file_${n}[] =\n    \"${escaped}\";\n")
        string(APPEND table "    {\"${path}\", file_${n}, ${n_bytes}},\n")
        math(EXPR n "${n} + 1")
    endforeach()
    file(WRITE ${OUTPUT}
         "/* Written by cmake/embed.cmake. */\n#include \"cli/embedded.h\"\n\n${bytes}\n"
         "const struct embedded_file embedded_files[] = {\n${table}};\n"
         "const size_t n_embedded_files = sizeof(embedded_files) / sizeof(embedded_files[0]);\n")
    return()
endif()

# steward_embed(<name> <directory>): library steward_<name> with the scenarios, suites, deployments, policies and recordings under
# directory, by their paths from the root.
function(steward_embed name directory)
    # Data, not sources: what the check of the suites lets pass is embedded whole.
    file(GLOB files CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
         ${directory}/*.yaml ${directory}/suites/*.yaml ${directory}/deployments/*.yaml
         ${directory}/policies/*.yaml ${directory}/recorded/*.csv)
    list(SORT files)
    set(paths "")
    foreach(file IN LISTS files)
        list(APPEND paths ${PROJECT_SOURCE_DIR}/${file})
    endforeach()
    list(JOIN files "," joined)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/${name}.c)
    add_custom_command(
        OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DROOT=${PROJECT_SOURCE_DIR} -DFILES=${joined}
                -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
        DEPENDS ${paths} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
        COMMENT "Embedding scenarios"
        VERBATIM)
    add_library(steward_${name} STATIC ${output})
    # A long literal is what this file is for; an initialiser a byte would take the compiler a hundred times as long.
    target_compile_options(steward_${name} PRIVATE -Wall -Wextra -Wno-overlength-strings)
    target_include_directories(steward_${name} PRIVATE ${PROJECT_SOURCE_DIR})
    set_target_properties(steward_${name} PROPERTIES C_STANDARD 11 C_EXTENSIONS OFF)
endfunction()
