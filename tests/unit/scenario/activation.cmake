# cmake -DPYTHON=<python3> -DROOT=<source directory> -DWORK=<scratch directory> -P activation.cmake: the committed recording is, byte for
# byte, what scripts/make_activation.py writes.
execute_process(COMMAND ${PYTHON} ${ROOT}/scripts/make_activation.py OUTPUT_FILE ${WORK}/activation.csv RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "scripts/make_activation.py failed: ${result}")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${WORK}/activation.csv ${ROOT}/scenarios/recorded/activation.csv
                RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "scenarios/recorded/activation.csv is not what scripts/make_activation.py writes")
endif()
