; The Windows installer of Bridgecall. nsis.py compiles it and gives:
;   VERSION, VERSION_NUMBERS, SIZE_KB, DICTIONARY_MB, SUFFIX (".exe"), ICON, PICTURE (.bmp), LICENSE, RESULT
;   INSTALL_FILES, REMOVE_FILES   scripts with a line for each file and folder of the frozen tree
;
; Command line:
;   /S                       silent; ends with 0, or with one of the numbers below
;   /AllUsers, /CurrentUser  for whom; without it per machine for administrators, unless it is installed per user already
;   /Close                   silent only: close a Bridgecall that runs, as its window's own button does
;   /D=C:\FOLDER             where to (the last argument, no quotes)
; Exit codes: 1 cancelled by the person, 2 something failed, 3 Bridgecall runs, 4 no right to install for everybody,
; 5 this Windows is not supported.

Unicode true
; A 32-bit stub runs everywhere, and is the only one that NSIS' own Windows package has; the programs are 64-bit.
!ifdef TARGET
  Target ${TARGET}
!endif
SetCompressor /SOLID lzma
SetCompressorDictSize ${DICTIONARY_MB}
SetDateSave off
ManifestDPIAware true
ManifestSupportedOS all
BrandingText "Bridgecall ${VERSION}"

!define PRODUCT "Bridgecall"
!define PUBLISHER "The Bridgecall authors"
!define SCHEME "bridgecall"
!define WINDOW_PROGRAM "bridgecall${SUFFIX}"
!define BOT_PROGRAM "bridgecall-bot${SUFFIX}"
!define SERVER_PROGRAM "bridgecall-server${SUFFIX}"
!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${PRODUCT}"
!define CLASS_KEY "Software\Classes\${SCHEME}"
!define APP_PATH_KEY "Software\Microsoft\Windows\CurrentVersion\App Paths\bridgecall.exe"
!define RULE_WINDOW "Bridgecall"
!define RULE_SERVER "Bridgecall server"

!define EXIT_FAILED 2
!define EXIT_RUNS 3
!define EXIT_NO_RIGHT 4
!define EXIT_WINDOWS 5

!define MULTIUSER_EXECUTIONLEVEL Highest
!define MULTIUSER_MUI
!define MULTIUSER_INSTALLMODE_COMMANDLINE
!define MULTIUSER_INSTALLMODE_INSTDIR "${PRODUCT}"
!define MULTIUSER_INSTALLMODE_INSTDIR_REGISTRY_KEY "${UNINSTALL_KEY}"
!define MULTIUSER_INSTALLMODE_INSTDIR_REGISTRY_VALUENAME "InstallLocation"
!define MULTIUSER_INSTALLMODE_DEFAULT_REGISTRY_KEY "${UNINSTALL_KEY}"
!define MULTIUSER_INSTALLMODE_DEFAULT_REGISTRY_VALUENAME "InstallLocation"
!define MULTIUSER_INSTALLMODE_FUNCTION KeepGivenFolder
!define MULTIUSER_USE_PROGRAMFILES64
; The uninstaller finds out by itself for whom it was installed: MultiUser would take another copy's folder.
!define MULTIUSER_NOUNINSTALL
!include MultiUser.nsh
!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include WinVer.nsh
!include x64.nsh

Name "${PRODUCT}"
OutFile "${RESULT}"
; Windows 10 1809 is the oldest that Qt 6.11 runs on.
!define OLDEST_BUILD 17763

VIProductVersion "${VERSION_NUMBERS}"
VIFileVersion "${VERSION_NUMBERS}"
VIAddVersionKey ProductName "${PRODUCT}"
VIAddVersionKey CompanyName "${PUBLISHER}"
VIAddVersionKey FileDescription "${PRODUCT} Setup"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey LegalCopyright "Copyright (c) 2026 ${PUBLISHER}, MIT License"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_WELCOMEFINISHPAGE_BITMAP "${PICTURE}"
!define MUI_ABORTWARNING
; explorer.exe starts it as the person, where Setup itself runs as administrator.
!define MUI_FINISHPAGE_RUN "$WINDIR\explorer.exe"
!define MUI_FINISHPAGE_RUN_PARAMETERS "$\"$INSTDIR\${WINDOW_PROGRAM}$\""
!define MUI_FINISHPAGE_RUN_TEXT "Start ${PRODUCT}"

!insertmacro MUI_PAGE_LICENSE "${LICENSE}"
!insertmacro MULTIUSER_PAGE_INSTALLMODE
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

Var GivenFolder
Var OldFolder
Var OldUninstaller
Var Watched
Var IsRunning
Var Failed
Var ForWhom

; Ends with `CODE`: silently with that alone, otherwise after `TEXT`.
!macro EndWith CODE TEXT
  SetErrorLevel ${CODE}
  MessageBox MB_OK|MB_ICONSTOP "${TEXT}" /SD IDOK
  SetErrorLevel ${CODE}
  Quit
!macroend

; $IsRunning: whether one of our programs in $Watched runs. Windows lets nobody write to a program that does.
!macro DefineWaitForEnd UN
Function ${UN}FindRunning
  StrCpy $IsRunning 0
  Push "${WINDOW_PROGRAM}"
  Call ${UN}FindRunningOne
  Push "${BOT_PROGRAM}"
  Call ${UN}FindRunningOne
  Push "${SERVER_PROGRAM}"
  Call ${UN}FindRunningOne
FunctionEnd

Function ${UN}FindRunningOne
  Pop $R9
  ${IfNot} ${FileExists} "$Watched\$R9"
    Return
  ${EndIf}
  ClearErrors
  FileOpen $R9 "$Watched\$R9" a
  ${If} ${Errors}
    StrCpy $IsRunning 1
  ${Else}
    FileClose $R9
  ${EndIf}
  ClearErrors
FunctionEnd

; Returns when nothing in $Watched runs any more, otherwise Setup ends.
Function ${UN}WaitForEnd
  Call ${UN}FindRunning
  ${If} $IsRunning = 0
    Return
  ${EndIf}
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/Close" $R1
  ${If} ${Silent}
  ${AndIf} ${Errors}
    SetErrorLevel ${EXIT_RUNS}
    Quit
  ${EndIf}
  MessageBox MB_OKCANCEL|MB_ICONEXCLAMATION \
    "${PRODUCT} is running. It has to be closed first, which ends its call. Close it now?" /SD IDOK IDOK close
  SetErrorLevel 1
  Quit
close:
  ; Without /F it is the same as the window's own button, so nothing is lost.
  nsExec::Exec '"$SYSDIR\taskkill.exe" /IM ${WINDOW_PROGRAM}'
  Pop $R9
  ${For} $R8 1 40 ; ten seconds
    Sleep 250
    Call ${UN}FindRunning
    ${If} $IsRunning = 0
      Return
    ${EndIf}
  ${Next}
again:
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION \
    "${PRODUCT} is still running. Close it, its server and its bots, and try again." /SD IDCANCEL IDRETRY look
  SetErrorLevel ${EXIT_RUNS}
  Quit
look:
  Call ${UN}FindRunning
  StrCmp $IsRunning 0 0 again
FunctionEnd
!macroend
!insertmacro DefineWaitForEnd ""
!insertmacro DefineWaitForEnd "un."

; netsh advfirewall: each rule is for one program, and is removed with its program alone.
!macro ForbidInFirewall RULE PROGRAM
  nsExec::Exec '"$SYSDIR\netsh.exe" advfirewall firewall delete rule name="${RULE}" program="$INSTDIR\${PROGRAM}"'
  Pop $R9
!macroend

!macro AllowThroughFirewall RULE PROGRAM
  !insertmacro ForbidInFirewall "${RULE}" "${PROGRAM}"
  nsExec::Exec '"$SYSDIR\netsh.exe" advfirewall firewall add rule name="${RULE}" dir=in action=allow \
    program="$INSTDIR\${PROGRAM}" profile=private,domain enable=yes'
  Pop $R9
  ${If} $R9 <> 0
    DetailPrint "The firewall did not take the rule ($R9): Windows will ask when a call begins."
  ${EndIf}
!macroend

Function KeepGivenFolder
  ${If} $GivenFolder != ""
    StrCpy $INSTDIR $GivenFolder
  ${EndIf}
FunctionEnd

Function .onInit
  ${IfNot} ${RunningX64}
  ${OrIfNot} ${AtLeastWin10}
    !insertmacro EndWith ${EXIT_WINDOWS} "${PRODUCT} needs 64-bit Windows 10 (1809) or newer."
  ${EndIf}
  ${IfNot} ${AtLeastBuild} ${OLDEST_BUILD}
    !insertmacro EndWith ${EXIT_WINDOWS} "${PRODUCT} needs 64-bit Windows 10 (1809) or newer."
  ${EndIf}
  SetRegView 64
  StrCpy $GivenFolder $INSTDIR
  ; MultiUser shows a box for this, also when silent, where nobody could answer it.
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/AllUsers" $R1
  ${IfNot} ${Errors}
    UserInfo::GetAccountType
    Pop $R1
    ${If} $R1 != "Admin"
      !insertmacro EndWith ${EXIT_NO_RIGHT} "Only administrators can install ${PRODUCT} for everybody."
    ${EndIf}
  ${EndIf}
  ClearErrors
  !insertmacro MULTIUSER_INIT
FunctionEnd

; An older version goes with its own uninstaller, which knows its files; settings stay.
Function RemoveOlder
  ReadRegStr $OldFolder SHCTX "${UNINSTALL_KEY}" "InstallLocation"
  StrCpy $OldUninstaller "$OldFolder\uninstall.exe"
  ${If} $OldFolder == ""
  ${OrIfNot} ${FileExists} "$OldUninstaller"
    Return
  ${EndIf}
  StrCpy $Watched $OldFolder
  Call WaitForEnd
  DetailPrint "Removing the version that is installed"
  ; With _?= it works where it is, and so can be waited for.
  ExecWait '"$OldUninstaller" /S /$MultiUser.InstallMode _?=$OldFolder' $R0
  ${If} $R0 <> 0
    !insertmacro EndWith ${EXIT_FAILED} "The older version in $OldFolder could not be removed ($R0)."
  ${EndIf}
  Delete "$OldUninstaller"
  RMDir "$OldFolder"
FunctionEnd

Section "${PRODUCT}"
  StrCpy $Watched $INSTDIR
  Call WaitForEnd
  Call RemoveOlder

  ClearErrors
  SetOutPath "$INSTDIR"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  ; The entry comes before the files: what was begun and broken off can be removed.
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "DisplayName" "${PRODUCT}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\${WINDOW_PROGRAM},0"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "Publisher" "${PUBLISHER}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe" /$MultiUser.InstallMode'
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S /$MultiUser.InstallMode'
  WriteRegDWORD SHCTX "${UNINSTALL_KEY}" "EstimatedSize" ${SIZE_KB}
  WriteRegDWORD SHCTX "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD SHCTX "${UNINSTALL_KEY}" "NoRepair" 1
  !include "${INSTALL_FILES}"
  SetOutPath "$INSTDIR"
  ${If} ${Errors}
    SetErrorLevel ${EXIT_FAILED}
    MessageBox MB_OK|MB_ICONSTOP "Some files could not be written to $INSTDIR. Is there room, and may you write there?" \
      /SD IDOK
    SetErrorLevel ${EXIT_FAILED}
    Abort "Not complete; Settings, Apps can remove what is there."
  ${EndIf}

  CreateShortcut "$SMPROGRAMS\${PRODUCT}.lnk" "$INSTDIR\${WINDOW_PROGRAM}" "" "$INSTDIR\${WINDOW_PROGRAM}" 0 \
    SW_SHOWNORMAL "" "Video calls"
  WriteRegStr SHCTX "${APP_PATH_KEY}" "" "$INSTDIR\${WINDOW_PROGRAM}"
  ; "Registering an Application to a URI Scheme", Windows App Development.
  WriteRegStr SHCTX "${CLASS_KEY}" "" "URL:${PRODUCT} invitation"
  WriteRegStr SHCTX "${CLASS_KEY}" "URL Protocol" ""
  WriteRegStr SHCTX "${CLASS_KEY}\DefaultIcon" "" "$INSTDIR\${WINDOW_PROGRAM},0"
  ; After -- nothing is an option, whatever quotes a link smuggles in.
  WriteRegStr SHCTX "${CLASS_KEY}\shell\open\command" "" '"$INSTDIR\${WINDOW_PROGRAM}" -- "%1"'

  ; Per user there is no right to this: Windows asks the first time. Not in public networks, where nobody hosts a call.
  ${If} $MultiUser.InstallMode == "AllUsers"
    DetailPrint "Allowing calls through the firewall, in private and company networks"
    !insertmacro AllowThroughFirewall "${RULE_WINDOW}" "${WINDOW_PROGRAM}"
    !insertmacro AllowThroughFirewall "${RULE_SERVER}" "${SERVER_PROGRAM}"
  ${EndIf}
  ${RefreshShellIcons}
SectionEnd

; Its own folder says for whom it was installed. `/AllUsers` and `/CurrentUser` only matter when the entries are lost.
Function un.onInit
  SetRegView 64
  StrCpy $ForWhom "CurrentUser"
  ReadRegStr $R0 HKCU "${UNINSTALL_KEY}" "InstallLocation"
  ${If} $R0 != $INSTDIR
    ReadRegStr $R0 HKLM "${UNINSTALL_KEY}" "InstallLocation"
    ${GetParameters} $R1
    ClearErrors
    ${GetOptions} $R1 "/AllUsers" $R2
    ${If} $R0 == $INSTDIR
    ${OrIfNot} ${Errors}
      StrCpy $ForWhom "AllUsers"
    ${EndIf}
  ${EndIf}
  ${If} $ForWhom == "AllUsers"
    UserInfo::GetAccountType
    Pop $R0
    ${If} $R0 != "Admin"
      !insertmacro EndWith ${EXIT_NO_RIGHT} "Only administrators can remove what was installed for everybody."
    ${EndIf}
    SetShellVarContext all
  ${Else}
    SetShellVarContext current
  ${EndIf}
FunctionEnd

; desktop_app/core/paths.py: where the application keeps what is the person's. Only a person who says yes removes it.
Function un.AskAboutSettings
  ${If} ${Silent}
    Return
  ${EndIf}
  SetShellVarContext current
  ${IfNot} ${FileExists} "$APPDATA\${PRODUCT}\*.*"
  ${AndIfNot} ${FileExists} "$LOCALAPPDATA\${PRODUCT}\*.*"
    Return
  ${EndIf}
  MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "Delete your settings, logs and certificate as well?$\r$\n$\r$\n\
    $APPDATA\${PRODUCT}$\r$\n$LOCALAPPDATA\${PRODUCT}" /SD IDNO IDNO keep
  RMDir /r "$APPDATA\${PRODUCT}"
  RMDir /r "$LOCALAPPDATA\${PRODUCT}"
keep:
FunctionEnd

; A key that by now belongs to another copy of the program stays.
!macro RemoveIfOurs KEY WITNESS VALUE
  ReadRegStr $R0 SHCTX "${WITNESS}" ""
  ${If} $R0 == '${VALUE}'
    DeleteRegKey SHCTX "${KEY}"
  ${EndIf}
!macroend

Section Uninstall
  StrCpy $Watched $INSTDIR
  Call un.WaitForEnd

  ; Each file by its name: what somebody else put beside them stays, and so does a folder that is not empty then.
  ClearErrors
  SetOutPath "$TEMP"
  !include "${REMOVE_FILES}"
  ${If} $Failed = 1
    SetErrorLevel ${EXIT_FAILED}
    MessageBox MB_OK|MB_ICONSTOP "Some files in $INSTDIR could not be deleted. Close what uses them and try again." \
      /SD IDOK
    SetErrorLevel ${EXIT_FAILED}
    Abort "Not complete; try again."
  ${EndIf}

  Delete "$SMPROGRAMS\${PRODUCT}.lnk"
  !insertmacro RemoveIfOurs "${APP_PATH_KEY}" "${APP_PATH_KEY}" "$INSTDIR\${WINDOW_PROGRAM}"
  !insertmacro RemoveIfOurs "${CLASS_KEY}" "${CLASS_KEY}\shell\open\command" \
    '"$INSTDIR\${WINDOW_PROGRAM}" -- "%1"'
  ${If} $ForWhom == "AllUsers"
    !insertmacro ForbidInFirewall "${RULE_WINDOW}" "${WINDOW_PROGRAM}"
    !insertmacro ForbidInFirewall "${RULE_SERVER}" "${SERVER_PROGRAM}"
  ${EndIf}
  DeleteRegKey SHCTX "${UNINSTALL_KEY}"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  ${un.RefreshShellIcons}
  Call un.AskAboutSettings
SectionEnd
