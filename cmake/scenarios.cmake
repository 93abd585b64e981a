# Scenarios are data that suites list: a file under scenarios/ that no suite lists would never run.

# steward_check_scenarios(<directory>): fails when directory/X.yaml is on no line "  - X" of directory/suites/*.yaml, and when a suite lists
# what is not there. Configuration runs again when a suite or the set of files changes.
function(steward_check_scenarios directory)
    # Data, not sources: the check is about what lies there.
    file(GLOB scenarios CONFIGURE_DEPENDS RELATIVE ${directory} ${directory}/*.yaml)
    file(GLOB suites CONFIGURE_DEPENDS ${directory}/suites/*.yaml)
    set(listed "")
    foreach(suite IN LISTS suites)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${suite})
        file(STRINGS ${suite} lines REGEX "^ *- [A-Za-z0-9_-]+ *(#.*)?$")
        foreach(line IN LISTS lines)
            string(REGEX REPLACE "^ *- ([A-Za-z0-9_-]+).*$" "\\1" id "${line}")
            list(APPEND listed ${id}.yaml)
            if(NOT EXISTS ${directory}/${id}.yaml)
                message(FATAL_ERROR "${suite}: lists ${id}, but ${directory}/${id}.yaml is not there")
            endif()
        endforeach()
    endforeach()
    foreach(scenario IN LISTS scenarios)
        if(NOT scenario IN_LIST listed)
            message(FATAL_ERROR "${directory}/${scenario}: no suite under ${directory}/suites lists it")
        endif()
    endforeach()
endfunction()
