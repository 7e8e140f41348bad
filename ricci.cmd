@echo off
rem Runs Ricci's command line, as the script ricci does elsewhere: builds it when the sources are newer than the last build,
rem finds a JDK 25, sets the JVM flags. RICCI_HEAP (as for -Xmx), RICCI_JAVA_OPTS, JAVA_HOME and JAVA25_HOME as there.
setlocal EnableExtensions DisableDelayedExpansion

set "root=%~dp0"
set "root=%root:~0,-1%"
set "state=%root%\target\ricci"
set "stamp=%state%\stamp"
set "log=%state%\build.log"
set "modules=tensor autograd nn gpu-backend models examples bench"

rem --- JDK: its own release file tells the version, so that no JVM is started to ask.
set "jdk="
call :try_jdk "%JAVA_HOME%"
call :try_jdk "%JAVA25_HOME%"
call :try_jdk "%JDK25_HOME%"
for /f "delims=" %%j in ('where java 2^>nul') do for %%b in ("%%~dpj..") do call :try_jdk "%%~fb"
for %%p in ("%ProgramFiles%\Eclipse Adoptium" "%ProgramFiles%\Java" "%ProgramFiles%\Microsoft" "%ProgramFiles%\Zulu" "%ProgramFiles%\Amazon Corretto" "%ProgramFiles%\BellSoft" "%USERPROFILE%\.jdks" "%USERPROFILE%\scoop\apps") do (
    for /d %%d in ("%%~p\*") do call :try_jdk "%%~fd"
)
if not defined jdk (
    echo ricci: JDK 25 is missing: looked at JAVA_HOME, JAVA25_HOME, java on the PATH and the usual folders. 1>&2
    echo ricci: Install one, for instance from https://adoptium.net, or point JAVA_HOME at it. 1>&2
    exit /b 1
)

rem --- Build: only one launcher at a time holds the lock file open; the others wait and then find the build fresh.
call :fresh
if not errorlevel 1 goto run
if not exist "%state%" mkdir "%state%"
set "outcome="
:wait
2>nul (9>"%state%\lock" call :locked_build)
if not defined outcome (
    ping -n 2 127.0.0.1 >nul
    goto wait
)
if "%outcome%"=="failed" exit /b 1

:run
set "class_path="
for %%m in (%modules%) do call set "class_path=%%class_path%%%root%\%%m\target\classes;"
set "class_path=%class_path%%root%\bench\target\lib\*"
rem The young generation: small for training, whose pauses it keeps short, smaller where a model is only used
rem (docs\decisions\0007-young-generation.md).
set "young=-XX:MaxNewSize=600m"
if "%~1"=="train" set "young=-XX:MaxNewSize=128m -XX:+AlwaysPreTouch"
if "%~1 %~2"=="bench soak" set "young=-XX:MaxNewSize=128m -XX:+AlwaysPreTouch"
for %%c in (run serve generate embed) do if "%~1"=="%%c" set "young=-XX:MaxNewSize=32m"
set "heap=-XX:MaxRAMPercentage=75"
if defined RICCI_HEAP set "heap=-Xmx%RICCI_HEAP%"
"%jdk%\bin\java" --add-modules jdk.incubator.vector %heap% -XX:+UseParallelGC %young% -Dstdout.encoding=UTF-8 -Dstderr.encoding=UTF-8 "-Dricci.home=%root%" %RICCI_JAVA_OPTS% -cp "%class_path%" dev.ricci.examples.Ricci %*
exit /b %errorlevel%

:try_jdk
if defined jdk exit /b 0
if "%~1"=="" exit /b 0
if not exist "%~1\bin\javac.exe" exit /b 0
if not exist "%~1\release" exit /b 0
for /f "tokens=2 delims==." %%v in ('findstr /b "JAVA_VERSION=" "%~1\release"') do call :accept "%~1" %%v
exit /b 0

:accept
rem The second argument is the version's first number, with the quote that stands before it.
set "major=%2"
set "major=%major:"=%"
if %major% GEQ 25 set "jdk=%~1"
exit /b 0

rem Fresh: no source or pom is newer than the stamp, which is as old as the start of the last good build.
:fresh
if not exist "%stamp%" exit /b 1
if not exist "%root%\bench\target\lib" exit /b 1
powershell -NoProfile -Command "$r='%root:'=''%'; $t=(Get-Item (Join-Path $r 'target\ricci\stamp')).LastWriteTimeUtc; $f=@(Get-Item (Join-Path $r 'pom.xml')); foreach ($m in '%modules%'.Split(' ')) { if (-not (Test-Path (Join-Path $r \"$m\target\classes\"))) { exit 1 }; $f+=Get-Item (Join-Path $r \"$m\pom.xml\"); $f+=Get-ChildItem -Recurse (Join-Path $r \"$m\src\main\") }; if ($f | Where-Object { $_.LastWriteTimeUtc -gt $t } | Select-Object -First 1) { exit 1 }"
exit /b %errorlevel%

:locked_build
set "outcome=built"
call :fresh
if not errorlevel 1 exit /b 0
where mvn >nul 2>nul
if errorlevel 1 (
    echo ricci: Maven is missing: install Maven 3.8 or newer, put mvn on the PATH and run this again. >con
    set "outcome=failed"
    exit /b 0
)
echo ricci: building ^(log: %log%^) >con
type nul >"%stamp%.new"
if exist "%root%\bench\target\lib" rmdir /s /q "%root%\bench\target\lib"
pushd "%root%"
set "caller_java=%JAVA_HOME%"
set "JAVA_HOME=%jdk%"
call mvn -B -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dmaven.test.skip=true process-classes >"%log%" 2>&1 <nul
if errorlevel 1 set "outcome=failed"
set "JAVA_HOME=%caller_java%"
popd
if "%outcome%"=="failed" (
    echo ricci: the build failed; the end of %log%: >con
    powershell -NoProfile -Command "Get-Content -Tail 40 -LiteralPath '%log:'=''%'" >con
    exit /b 0
)
move /y "%stamp%.new" "%stamp%" >nul
exit /b 0
